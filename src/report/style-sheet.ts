import { DETAIL_STYLE } from './style-details.ts';

/** Light unless the person's system is dark, and light on paper. */
const COLOURS = `
:root{color-scheme:light dark;
--bg:#fbfbfa;--card:#fff;--ink:#1d2025;--soft:#5d6470;--line:#e3e4e6;--faint:#f1f2f3;--accent:#2257c5;
--good:#17744a;--good-bg:#e5f5ec;--bad:#b3261e;--bad-bg:#fcebe9;--warn:#8a5200;--warn-bg:#fdf1dc;
--init:#7c8491;--investigation:#3f7fd1;--requirements:#8a63d2;--planning:#c05299;--implementation:#2b9a6b;
--testing:#c98a12;--quality:#1597a5;--done:#5a8f3c}
@media screen and (prefers-color-scheme:dark){:root{
--bg:#14161a;--card:#1b1e24;--ink:#e4e6ea;--soft:#9aa2af;--line:#2e333c;--faint:#22262d;--accent:#8ab4ff;
--good:#6dd3a0;--good-bg:#17322a;--bad:#ff9a90;--bad-bg:#3b201f;--warn:#f0b95c;--warn-bg:#382b16;
--init:#8b93a0;--investigation:#6ea5ee;--requirements:#ab8bf0;--planning:#e07dbc;--implementation:#4cc08e;
--testing:#e3ac3f;--quality:#3cbccb;--done:#86bd64}}
.p-init{--p:var(--init)}.p-investigation{--p:var(--investigation)}.p-requirements{--p:var(--requirements)}
.p-planning{--p:var(--planning)}.p-implementation{--p:var(--implementation)}.p-testing{--p:var(--testing)}
.p-quality{--p:var(--quality)}.p-done{--p:var(--done)}
.tone-person{--tone:var(--warn);--tone-bg:var(--warn-bg)}.tone-working{--tone:var(--accent);--tone-bg:var(--faint)}
.tone-done{--tone:var(--good);--tone-bg:var(--good-bg)}.tone-resting{--tone:var(--soft);--tone-bg:var(--faint)}
`;

const LAYOUT = `
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:2.2rem 1.5rem 1rem}
h1{font-size:1.9rem;line-height:1.2;margin:.1rem 0 .4rem;letter-spacing:-.015em}
h2{font-size:1.15rem;margin:2.6rem 0 .9rem}
h2 small,h3 small{font-weight:400;color:var(--soft);font-size:.8em}
h3{font-size:1rem;margin:0 0 .5rem}
h4{font-size:.8rem;margin:1.1rem 0 .4rem;color:var(--soft);text-transform:uppercase;letter-spacing:.05em}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
code,pre,kbd{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono","Noto Sans Mono CJK SC",monospace;font-size:.86em}
code{background:var(--faint);border-radius:4px;padding:.08em .35em}
pre code,summary code,.commits code{background:none;padding:0}
pre{margin:.4rem 0;padding:.7rem .9rem;background:var(--faint);border-radius:6px;overflow-x:auto;line-height:1.45;tab-size:4;white-space:pre;unicode-bidi:plaintext}
.plain{white-space:pre-wrap}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
summary{cursor:pointer}
.note,.addr{color:var(--soft);font-size:.86rem}
.good{color:var(--good)}.bad{color:var(--bad)}.attention{color:var(--warn)}
.stat,.num{font-variant-numeric:tabular-nums;font-size:.86rem;color:var(--soft);white-space:nowrap;text-transform:none;letter-spacing:0}
ins,del{text-decoration:none}ins{color:var(--good)}del{color:var(--bad)}
.id{font-variant-numeric:tabular-nums;color:var(--soft);font-weight:600;font-size:.86rem}

.over{margin:0;color:var(--soft);font-size:.9rem}
.tone{display:inline-block;margin-inline-end:.5rem;padding:.05rem .6rem;border-radius:99px;background:var(--tone-bg);color:var(--tone);font-weight:600;font-size:.82rem}
.sentence{margin:0;color:var(--soft)}
.says{margin:.9rem 0 0;padding:.1rem 0 .1rem .9rem;border-inline-start:3px solid var(--tone,var(--line));white-space:pre-line}
.phases{list-style:none;display:flex;gap:3px;margin:1.3rem 0 0;padding:0}
.phases li{flex:1;min-width:0;border-top:5px solid var(--line);padding-top:.3rem;font-size:.74rem;color:var(--soft)}
.phases .past,.phases .now{border-color:var(--p)}
.phases .past{opacity:.75}.phases .now{color:var(--ink);font-weight:600}
.phases span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.tiles{margin-top:1.1rem;display:grid;grid-template-columns:repeat(4,1fr);gap:.7rem}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.75rem .95rem .8rem;min-width:0}
.tile span,.tile small{display:block;color:var(--soft);font-size:.8rem;line-height:1.35}
.tile strong{display:block;font-size:1.35rem;line-height:1.35;letter-spacing:-.01em;font-weight:650;font-variant-numeric:tabular-nums}
.tile.tone-person strong{color:var(--warn)}
dl{margin:1rem 0 0;display:flex;flex-wrap:wrap;gap:.25rem 1.6rem;font-size:.9rem}
dl div{display:flex;gap:.5rem;min-width:0}dt{color:var(--soft)}dd{margin:0;min-width:0}
.asked{margin-top:1.2rem}.asked .plain{margin:.5rem 0;padding:.8rem 1rem;background:var(--card);border:1px solid var(--line);border-radius:8px}
nav{position:sticky;top:0;z-index:1;margin:1.4rem 0 0;padding:.6rem 0;background:var(--bg);border-bottom:1px solid var(--line);font-size:.9rem;white-space:nowrap;overflow-x:auto}
nav a{margin-inline-end:1.1rem;text-decoration:none}

.lanes{display:grid;gap:2px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1rem .6rem}
.charts{margin-top:.7rem;gap:1rem}
.lane{display:grid;grid-template-columns:15.5rem 1fr;gap:.8rem;align-items:center}
.lane svg{display:block;width:100%;height:24px;overflow:visible}
.lane-name{font-size:.84rem;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.lane-name span{color:var(--soft);font-size:.78rem;font-variant-numeric:tabular-nums}
.lane .gap{fill:var(--faint)}
.lane .bar{fill:var(--p)}.lane .bar.bad{fill:var(--bad)}.lane a:hover .bar{opacity:.7}
.lane .wait{fill:var(--warn)}.lane .idle{fill:var(--line)}
.ticks{display:flex;justify-content:space-between;font-size:.74rem;color:var(--soft);font-variant-numeric:tabular-nums;padding-top:.3rem}
.plot{align-items:stretch}.plot svg{height:110px}
.plot .lane-name{display:grid;grid-template-columns:auto 1fr;grid-template-rows:auto auto auto 1fr;column-gap:.5rem;overflow:visible}
.plot .lane-name b,.plot .lane-name>span{grid-column:1}
.plot .ys{grid-column:2;grid-row:1/5;display:flex;flex-direction:column;justify-content:space-between;align-items:flex-end;margin:-.55em 0;font-size:.74rem}
.legend i{display:inline-block;width:.65rem;height:.65rem;border-radius:2px;margin-inline-end:.25rem}
.grid{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
.line{stroke:var(--accent);stroke-width:2;fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.area{fill:var(--accent);opacity:.12}
.t-cached{fill:var(--line);background:var(--line)}.t-in{fill:var(--accent);background:var(--accent)}.t-out{fill:var(--warn);background:var(--warn)}
.t-cached{fill:color-mix(in srgb,var(--accent) 28%,var(--card));background:color-mix(in srgb,var(--accent) 28%,var(--card))}
`;

/** The style sheet of every page. */
export const STYLE = `${COLOURS}${LAYOUT}${DETAIL_STYLE}`;
