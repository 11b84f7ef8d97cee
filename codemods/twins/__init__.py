"""Objects of classes that have an async twin, followed through a project.

`finding` begins where they are made and annotated, `ways` are those by which they go on, `uses` what is done with them,
`files` and `names` what each file tells; `graph` puts the calls of their methods among the blocking ones.
"""
