"""The models and the published contract say the same, both ways."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from gavip_hub.api import models
from gavip_hub.domain.event import EventKind
from gavip_hub.domain.launch import EndCode, LaunchKind
from gavip_hub.domain.phase import Phase

SPEC = yaml.safe_load(
    Path(models.__file__).with_name("openapi.yaml").read_text(encoding="utf-8")
)
SCHEMAS: dict[str, dict[str, Any]] = SPEC["components"]["schemas"]
ENUMERATIONS: dict[str, type[StrEnum]] = {
    "Kind": LaunchKind,
    "Phase": Phase,
    "EndCode": EndCode,
}
MODELS: dict[str, type[BaseModel]] = {
    name: value
    for name, value in vars(models).items()
    if isinstance(value, type)
    and issubclass(value, BaseModel)
    and value.__module__ == models.__name__
    and not name.startswith("_")
}
PROSE = {"title", "description", "examples", "$defs"}


def normal(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Reduce a schema to what it allows, however it is spelt."""
    kept = {key: value for key, value in schema.items() if key not in PROSE}
    if "$ref" in kept:
        return referred(kept.pop("$ref").rsplit("/", 1)[-1], defs) | kept
    for word in ("anyOf", "oneOf"):
        if word in kept:
            kept["any"] = alternatives(kept.pop(word), defs)
    if isinstance(kept.get("type"), list):
        kept = {"any": alternatives(split(kept), defs)}
    for key in ("enum", "required"):
        if key in kept:
            kept[key] = sorted(kept[key])
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = normal(kept[key], defs)
    if "properties" in kept:
        kept["properties"] = {
            name: normal(value, defs) for name, value in kept["properties"].items()
        }
    return {k: v for k, v in kept.items() if v not in ([], {}) and v is not True}


def referred(name: str, defs: dict[str, Any]) -> dict[str, Any]:
    """Return a reference as its name; enumerations and free JSON as what they are."""
    if name == "JsonValue":
        return {}
    target = defs[name]
    return normal(target, defs) if "enum" in target else {"ref": name}


def split(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one schema for each type of a list of types; bounds are for text."""
    bounds = {key: value for key, value in schema.items() if key != "type"}
    return [
        {"type": each, **(bounds if each == "string" else {})}
        for each in schema["type"]
    ]


def alternatives(schemas: list[dict[str, Any]], defs: dict[str, Any]) -> list[str]:
    """Return schemas in an order that does not depend on how they were written."""
    return sorted(json.dumps(normal(each, defs), sort_keys=True) for each in schemas)


def written(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema without the defaults that JSON leaves unsaid."""
    schema = model.model_json_schema()
    defs = {**schema.get("$defs", {}), model.__name__: schema}
    shape = normal(schema, defs)
    for each in shape.get("properties", {}).values():
        if each.get("default", ...) is None:
            del each["default"]
    return shape


def test_every_schema_has_a_model_and_every_model_a_schema() -> None:
    """Neither side knows a word that the other does not."""
    assert set(MODELS) == set(SCHEMAS) - set(ENUMERATIONS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_model_allows_what_the_schema_allows(name: str) -> None:
    """Fields, types, bounds, defaults and what is required are the same."""
    assert written(MODELS[name]) == normal(SCHEMAS[name], SCHEMAS)


@pytest.mark.parametrize("name", sorted(ENUMERATIONS))
def test_enumeration_has_the_same_words(name: str) -> None:
    """The domain's words are the published ones."""
    assert set(ENUMERATIONS[name]) == set(SCHEMAS[name]["enum"])


def test_event_kinds_are_the_published_ones() -> None:
    """The domain's kinds of event are the published ones."""
    published = SCHEMAS["Event"]["properties"]["kind"]["enum"]
    assert set(EventKind) == set(published)


@pytest.mark.parametrize(
    "body",
    [
        '{"cpuu": 1}',
        '{"cpu": true}',
        '{"cpu": NaN}',
        '{"cpu": 1e999}',
        '{"memory": 1.5}',
        '{"gpu": "1"}',
        '{"server_name": "Ünï"}',
        '{"server_name": "a\\n"}',
        '{"server_name": "a--b"}',
        '{"kind": "spaceship"}',
        '{"options": {"a": 1}}',
        '{"display_name": "' + "x" * 121 + '"}',
        "[]",
        "null",
    ],
)
def test_request_with_a_wrong_word_is_refused(body: str) -> None:
    """A launch request is taken literally or not at all."""
    with pytest.raises(ValidationError):
        models.LaunchRequest.model_validate_json(body)


@pytest.mark.parametrize("moment", ["1700000000", '"2026-11-22T09:00:00"', "null"])
def test_a_time_needs_text_and_a_zone(moment: str) -> None:
    """Seconds since 1970 and times without a zone are refused."""
    with pytest.raises(ValidationError):
        TypeAdapter(models.Moment).validate_json(moment)


def test_a_time_is_answered_in_utc() -> None:
    """Whatever zone a time came in, it leaves in UTC."""
    moment = TypeAdapter(models.Moment)
    value = moment.validate_json('"2026-11-22T10:00:00+01:00"')
    assert moment.dump_json(value) == b'"2026-11-22T09:00:00Z"'


def test_an_answer_may_know_more_than_its_reader() -> None:
    """A newer service's additional fields do not trouble an older client."""
    text = '{"cpu_milli": 1, "memory_bytes": 2, "gpu": 0, "fpga": 1}'
    assert models.Resources.model_validate_json(text).memory_bytes == 2
