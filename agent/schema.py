"""The JSON schema of campaign files, with the keys of every part that ships."""

from collections.abc import Callable
from typing import Any, get_type_hints

from pydantic import BaseModel

from models.domain.campaign import CampaignSpec


def campaign_schema(parts: dict[str, dict[str, Callable[..., Any]]]) -> dict[str, Any]:
    """Complete the campaign model's schema with what each part that ships understands.

    Parameters
    ----------
    parts
        Builders by table and kind: ``{"strategy": {"bayes": build, ...}, ...}``.
    """
    schema = CampaignSpec.model_json_schema()
    own = schema["$defs"].pop("Plug")
    own["properties"]["kind"]["pattern"] = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
    schema["$defs"]["OwnPart"] = own
    for table, builders in parts.items():
        options = [_part_schema(kind, build, schema["$defs"]) for kind, build in builders.items()]
        schema["properties"][table] = {
            "description": schema["properties"][table].get("description", ""),
            "oneOf": [*options, {"$ref": "#/$defs/OwnPart"}],
        }
    return schema


def _part_schema(kind: str, build: Callable[..., Any], definitions: dict[str, Any]) -> dict[str, Any]:
    model = next(iter(get_type_hints(build).values()))
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]}
    part = model.model_json_schema()
    definitions |= part.pop("$defs", {})
    part["title"] = kind
    part["properties"] = {"kind": {"const": kind}, **part.get("properties", {})}
    part["required"] = ["kind", *part.get("required", ())]
    return part
