"""The Croissant description of a package: files with digests, record sets, responsible-AI fields.

Written by hand after the format's specification 1.1 and its RAI vocabulary 1.0, so that publishing
needs no JSON-LD library; the tests hold it against `mlcroissant`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml.publication.columns import describe_columns
from ml.publication.release import Release, canonical_json
from ml.publication.separated import marked
from ml.publication.statements import Statements
from ml.records.tables.schema import Column, Schema

CROISSANT = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"

_TERMS = (
    *("annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty"),
    *("extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes"),
    *("isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
    *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source"),
    *("subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in _TERMS},
}
_FORMATS = {
    ".parquet": "application/x-parquet",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".txt": "text/plain",
}
_UNMARKED = "^'?(.*)$"
"""The text of a cell without the apostrophe that guards it in a spreadsheet."""


@dataclass(frozen=True)
class Member:
    """A file of the package as its description names it."""

    name: str
    size: int
    sha256: str
    about: str


def member(name: str, content: bytes, about: str) -> Member:
    """The file's entry."""
    return Member(name, len(content), hashlib.sha256(content).hexdigest(), about)


def to_croissant(
    release: Release, schema: Schema, members: Iterable[Member], statements: Statements
) -> bytes:
    """The JSON-LD of the package that holds `members`."""
    return canonical_json(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": [CROISSANT, RAI],
            "name": release.title,
            "description": release.description,
            "version": release.version,
            "datePublished": release.published.isoformat(),
            "license": "LICENCE.txt",
            "inLanguage": "en",
            "isLiveDataset": False,
            "keywords": ["synthetic data", "health", *statements.keywords],
            "creator": {"@type": "sc:Organization", "name": "VitalMint"},
            "publisher": {"@type": "sc:Organization", "name": "VitalMint"},
            "citeAs": _citation(release),
            "distribution": [_file(each) for each in members],
            "recordSet": [
                _records("csv", "data.csv", release, schema),
                _records("parquet", "data.parquet", release, schema),
            ],
            **_responsible(statements),
        }
    )


def digests(croissant: bytes) -> dict[str, str]:
    """SHA-256 in hexadecimals by the name of each file described; `ValueError` if it is none."""
    try:
        described = json.loads(croissant)["distribution"]
        return {str(each["contentUrl"]): str(each["sha256"]) for each in described}
    except (KeyError, TypeError, ValueError):
        raise ValueError("no description of a package") from None


def _file(each: Member) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": each.name,
        "name": each.name,
        "description": each.about,
        "contentUrl": each.name,
        "contentSize": f"{each.size} B",
        "encodingFormat": _FORMATS[each.name[each.name.rindex(".") :]],
        "sha256": each.sha256,
    }


def _records(name: str, file: str, release: Release, schema: Schema) -> dict[str, Any]:
    described = describe_columns(schema, release.meanings())
    fields = []
    for number, (column, about) in enumerate(zip(schema.columns, described, strict=True), start=1):
        source: dict[str, Any] = {"fileObject": {"@id": file}, "extract": {"column": column.name}}
        if name == "csv" and marked(column):
            source["transform"] = {"regex": _UNMARKED}
        fields.append(
            {
                "@type": "cr:Field",
                "@id": field_id(name, number, column.name),
                "name": column.name,
                "description": about.sentence,
                "dataType": _type(column),
                "source": source,
            }
        )
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"Every row of {file}; both record sets hold the same rows.",
        "field": fields,
    }


def field_id(records: str, number: int, name: str) -> str:
    """The id of a field: its column's name where that is plain, otherwise its number."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name)
    return f"{records}/{name if plain else f'column.{number}'}"


def _type(column: Column) -> str:
    if column.kind == "continuous":
        return "sc:Float"
    kind = int if column.kind == "integer" else type(column.categories[0])
    return {int: "sc:Integer", bool: "sc:Boolean", str: "sc:Text"}[kind]


def _citation(release: Release) -> str:
    title = re.sub(r"[{}\\]", "", release.title)
    return (
        f"@misc{{vitalmint-{release.kind}-{release.published.isoformat()}, "
        f"title={{{title}}}, author={{VitalMint}}, year={{{release.published.year}}}, "
        f"note={{Synthetic dataset, version {release.version}}}}}"
    )


def _responsible(statements: Statements) -> Mapping[str, Any]:
    return {
        "rai:dataCollection": statements.collection,
        "rai:dataCollectionType": ["Synthetic data, drawn from a trained generator"],
        "rai:dataCollectionMissingData": statements.missing,
        "rai:dataPreprocessingProtocol": list(statements.preprocessing),
        "rai:dataUseCases": list(statements.fit_for),
        "rai:dataLimitations": list(statements.limits),
        "rai:dataBiases": list(statements.biases),
        "rai:dataSocialImpact": statements.impact,
        "rai:personalSensitiveInformation": list(statements.sensitive),
        "rai:dataReleaseMaintenancePlan": statements.maintenance,
    }
