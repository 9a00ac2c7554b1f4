"""An API of pets that describes itself."""

import marshmallow as ma
from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort

app = Flask(__name__)
app.config.update(
    API_TITLE="Pets", API_VERSION="v1", OPENAPI_VERSION="3.0.2", OPENAPI_URL_PREFIX="/"
)
api = Api(app)
pets = {}


class PetSchema(ma.Schema):
    id = ma.fields.Int(dump_only=True)
    name = ma.fields.String(required=True)


class PetQuery(ma.Schema):
    name = ma.fields.String()


blueprint = Blueprint("pets", "pets", url_prefix="/pets", description="Pets")


@blueprint.route("/")
class Pets(MethodView):
    @blueprint.arguments(PetQuery, location="query")
    @blueprint.response(200, PetSchema(many=True))
    @blueprint.paginate()
    def get(self, query, pagination_parameters):
        found = [pet for pet in pets.values() if query.get("name", pet["name"]) == pet["name"]]
        pagination_parameters.item_count = len(found)
        return found

    @blueprint.arguments(PetSchema)
    @blueprint.response(201, PetSchema)
    def post(self, pet):
        pet["id"] = len(pets) + 1
        pets[pet["id"]] = pet
        return pet


@blueprint.route("/<int:pet_id>")
class Pet(MethodView):
    @blueprint.etag
    @blueprint.response(200, PetSchema)
    def get(self, pet_id):
        return pets[pet_id] if pet_id in pets else abort(404, message="No such pet.")


api.register_blueprint(blueprint)
