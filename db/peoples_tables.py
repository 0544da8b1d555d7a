"""The tables of what people say and ask beside a run, and of what became of it."""

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, String, Table, Text, UniqueConstraint

from db.columns import KEY, SEQ, metadata, moment

annotation = Table(
    "annotation",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    *moment(),
    Column("seq", SEQ),
    Column("kind", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
)

request = Table(
    "request",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    *moment(),
    Column("kind", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("seq", SEQ, doc="The decision that is vetoed."),
    Column("point_json", Text, doc="What is pinned, or the middle of what is vetoed."),
    Column("exposure_s", Float),
    Column("radius", Float, doc="How far a veto reaches, as a share of each axis' range."),
    Column("hours", Float, doc="How long a veto holds; NULL until it is lifted."),
    Column("lifts", ForeignKey("request.id"), doc="The veto that is taken back."),
    CheckConstraint("who <> '' AND why <> ''", name="a_request_says_who_and_why"),
)

answer = Table(
    "answer",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("session_id", ForeignKey("session.id"), nullable=False),
    *moment(),
    Column("request_id", ForeignKey("request.id"), nullable=False),
    Column("seq", SEQ, nullable=False, doc="The decision that obeys it, or before which it was obeyed."),
    Column("code", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    UniqueConstraint("request_id", "code", name="one_answer_of_a_sort"),
)
