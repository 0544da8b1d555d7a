"""How the report looks: one column that prints well, no font or image from elsewhere."""

CSS = """
:root { --ink: #1c2330; --soft: #5b6472; --line: #dfe3e8; --beam: #0b6e99; --warm: #b3541e; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); margin: 0 auto;
  max-width: 1080px; padding: 2.2rem 1.4rem 4rem; background: #ffffff; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 1.2rem; margin-bottom: 1.6rem; }
.over { color: var(--beam); font-weight: 600; letter-spacing: .02em; margin: 0 0 .3rem; }
h1 { font-size: 1.55rem; line-height: 1.3; margin: 0 0 1rem; font-weight: 650; max-width: 60rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
dl { display: flex; flex-wrap: wrap; gap: .6rem 2.4rem; margin: 0; }
dt { font-size: .78rem; color: var(--soft); } dd { margin: 0; font-weight: 550; }
.emulated { border-left: 5px solid var(--warm); background: #fdf3ec; padding: .6rem .9rem; margin: 0 0 1rem; }
figure { margin: .4rem 0 1rem; } figure svg { max-width: 100%; height: auto; display: block; }
figcaption, footer, section > p { color: var(--soft); font-size: .9rem; max-width: 52rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--ink); }
th, td { padding: .32rem 1.1rem .32rem 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); }
tr.best td { font-weight: 600; } tr.best td:first-child { color: var(--beam); }
small { color: var(--soft); font-weight: 400; }
.scroll { overflow-x: auto; margin-bottom: .8rem; }
pre { background: #f5f7f9; border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1.1rem;
  overflow-x: auto; font-size: .85rem; line-height: 1.45; }
details { margin: .4rem 0; } summary { cursor: pointer; color: var(--beam); }
footer { border-top: 1px solid var(--line); margin-top: 2.6rem; padding-top: .8rem; }
@media print { body { padding: 0; max-width: none; } section { break-inside: avoid; }
  pre { white-space: pre-wrap; } }
"""
"""The style sheet."""
