"""Entry for ``uvicorn api.main:app``: the study folder is in the environment variable GEOPLAN_STUDY."""

from geoplan_api.app import create_app

app = create_app()
