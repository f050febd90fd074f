"""How the datasheet looks: one column of text, light or dark as the reader's system, in print."""

_LIGHT = (
    "--page:#fff;--text:#1b1f24;--quiet:#57606a;--line:#d5dae0;--panel:#f5f7f9;"
    "--made:#5b93cc;--real:#7a2e00;--link:#0b5cad;color-scheme:light"
)
_DARK = (
    "--page:#14181d;--text:#e6e9ed;--quiet:#a6b0bb;--line:#39414b;--panel:#1d2329;"
    "--made:#5d9cdc;--real:#f3a963;--link:#7cb7f5;color-scheme:dark"
)

STYLE = f"""
:root{{{_LIGHT}}}
@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--page);color:var(--text);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}}
header,nav,main,footer{{max-width:64rem;margin:0 auto;padding:0 1.25rem}}
header{{padding-top:2.5rem}}
h1{{font-size:2rem;line-height:1.2;margin:.25rem 0 .75rem;overflow-wrap:anywhere}}
h2{{font-size:1.4rem;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}}
h3{{font-size:1.02rem;margin:1.5rem 0 .25rem}}
p,ul{{margin:.25rem 0 .75rem;max-width:46rem;overflow-wrap:anywhere}}
ul{{padding-left:1.25rem}}
a{{color:var(--link)}}
:focus-visible{{outline:2px solid var(--link);outline-offset:2px}}
.kicker{{color:var(--quiet);font-weight:600;margin:0}}
.note{{border-left:4px solid var(--made);background:var(--panel);padding:.75rem 1rem}}
nav ul{{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0 0}}
.facts{{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.5rem;margin:1rem 0}}
.facts dt{{color:var(--quiet)}}
.facts dd{{margin:0;overflow-wrap:anywhere}}
code{{font:.88em/1.4 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;overflow-wrap:anywhere}}
pre{{background:var(--panel);padding:.75rem 1rem;overflow-x:auto;max-width:100%}}
.wide{{overflow-x:auto;margin:.5rem 0 1rem;position:relative}}
table{{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}}
caption{{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}}
th,td{{text-align:left;vertical-align:top;padding:.4rem .9rem .4rem 0;
border-bottom:1px solid var(--line)}}
td{{overflow-wrap:break-word}}
thead th{{color:var(--quiet);font-weight:600}}
tbody th{{font-weight:500;min-width:9rem;max-width:24rem;overflow-wrap:break-word}}
tbody td{{max-width:26rem}}
small{{display:block;color:var(--quiet);font-weight:400;font-size:.85rem}}
.figures td{{white-space:nowrap}}
.figures tbody th{{min-width:18rem}}
.plots{{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:1.25rem}}
figure{{margin:0;padding:.75rem;border:1px solid var(--line);border-radius:.4rem;
break-inside:avoid}}
figure.whole{{margin-bottom:1.25rem}}
figure.whole .wide svg{{min-width:34rem}}
figcaption{{font-weight:600;overflow-wrap:anywhere}}
svg{{display:block;width:100%;height:auto;margin:.35rem 0}}
svg text{{font:10.5px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
fill:var(--quiet)}}
.made{{fill:var(--made)}}
.real{{fill:none;stroke:var(--real);stroke-width:2}}
.dash{{stroke-dasharray:4 3;stroke-width:1.5}}
.rule{{stroke:var(--line);stroke-width:1}}
.band{{fill:var(--made)}}
.band-0{{opacity:.22}}
.band-1{{opacity:.4}}
.median{{fill:none;stroke:var(--text);stroke-width:2}}
.key{{display:flex;flex-wrap:wrap;gap:.2rem 1.5rem}}
.key svg{{display:inline-block;width:2rem;height:.8rem;margin:0 .4rem 0 0;vertical-align:middle}}
summary{{cursor:pointer;color:var(--link);font-size:.88rem}}
details table{{font-size:.82rem}}
details tbody th{{min-width:0}}
footer{{color:var(--quiet);padding-top:2rem;padding-bottom:3rem}}
@media (max-width:36rem){{.facts{{grid-template-columns:1fr;gap:0}}
.facts dd{{margin-bottom:.5rem}}
.stacked,.stacked tbody,.stacked tr,.stacked th,.stacked td{{display:block;min-width:0}}
.stacked thead{{display:none}}
.stacked tbody th,.stacked td{{border:0;padding:.15rem 0;max-width:none}}
.stacked tbody th{{min-width:0;font-weight:600}}
.stacked tr{{border-bottom:1px solid var(--line);padding:.5rem 0}}
.stacked td{{display:flex;justify-content:space-between;gap:1rem;white-space:normal;
text-align:right}}
.stacked td::before{{content:attr(data-label);color:var(--quiet);text-align:left;
white-space:nowrap}}}}
@media print{{:root{{{_LIGHT}}}body{{font-size:10.5pt}}nav,summary{{display:none}}
h2,h3{{break-after:avoid}}tr,li{{break-inside:avoid}}.wide{{overflow:visible}}
header,main,footer{{max-width:none;padding:0}}a{{color:inherit;text-decoration:none}}
.plots{{grid-template-columns:repeat(2,1fr)}}}}
"""
