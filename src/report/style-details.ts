/** What the sections of a page look like, on a screen of any width and on paper. */
export const DETAIL_STYLE = `
.qas{display:grid;gap:.7rem}
.qa{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem}
.qa.open{border-color:var(--warn)}
.qa h3{white-space:pre-line}.qa .note{margin:.6rem 0 0}
.options{list-style:none;margin:0;padding:0;display:grid;gap:.2rem}
.options li{padding:.25rem .6rem;border-radius:6px}
.options .chosen{background:var(--good-bg);color:var(--good);font-weight:550}
.answer{margin:.6rem 0 0;padding:.4rem .7rem;background:var(--good-bg);border-radius:6px;white-space:pre-line}
.progress,.reqs,.acts,.commits{list-style:none;margin:.6rem 0;padding:0}
.progress li{display:grid;grid-template-columns:1.6rem minmax(0,1fr) minmax(60px,26%) 4.2rem;gap:.7rem;align-items:center;padding:.28rem 0}
.progress svg{width:100%;height:7px;border-radius:4px;overflow:hidden}
.progress .rest{fill:var(--line)}.progress .full{fill:var(--good)}.progress .num{text-align:end}
.reqs li,li.task{display:flex;gap:.6rem;align-items:baseline;padding:.2rem 0}
.tick{flex:none;width:1.05rem;height:1.05rem;line-height:1rem;text-align:center;border:1.5px solid var(--soft);border-radius:4px;font-size:.75rem;align-self:flex-start;margin-top:.25rem}
.tick.on{background:var(--good);border-color:var(--good);color:var(--card)}
.md{padding:.2rem 1.2rem .8rem;background:var(--card);border:1px solid var(--line);border-radius:8px;margin:.6rem 0}
.md .h{font-weight:650;margin:1.3rem 0 .3rem}.md .h1{font-size:1.2rem}.md .h2{font-size:1.07rem}
.md p{margin:.5rem 0;white-space:pre-line}.md ul,.md ol{margin:.4rem 0;padding-inline-start:1.4rem}
.md li.task{list-style:none;margin-inline-start:-1.4rem}.md li.task p{margin:0}
.md blockquote{margin:.5rem 0;padding-inline-start:.9rem;border-inline-start:3px solid var(--line);color:var(--soft)}
.md hr{border:0;border-top:1px solid var(--line);margin:1rem 0}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.92em}th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:start;vertical-align:top}

.checks,.doc{margin:.5rem 0}
.checks summary,.doc summary{padding:.2rem 0}
.run{margin:.5rem 0 .5rem 1.1rem}.run p{margin:0}
.run.failed>p>code{background:var(--bad-bg);color:var(--bad)}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:.9rem}
figure{margin:0}img{display:block;max-width:100%;border:1px solid var(--line);border-radius:8px}figcaption{font-size:.84rem;color:var(--soft);padding-top:.3rem}

.its{border:1px solid var(--line);border-radius:10px;background:var(--card)}
.it{border-top:1px solid var(--line)}.it:first-child{border-top:0}
.it>summary{display:grid;grid-template-columns:2.4rem 7.6rem minmax(0,1fr) 6.6rem 5.6rem 4.6rem 5.8rem;gap:.7rem;align-items:center;padding:.45rem .9rem;list-style:none}
.it>summary::-webkit-details-marker{display:none}
.it>summary:hover{background:var(--faint)}
.it:first-child>summary{border-radius:10px 10px 0 0}.it:last-child>summary{border-radius:0 0 10px 10px}
.it .n{font-variant-numeric:tabular-nums;color:var(--soft);text-align:end;font-size:.86rem}
.phase{font-size:.82rem;white-space:nowrap}.phase::before{content:"";display:inline-block;width:.6rem;height:.6rem;border-radius:2px;background:var(--p);margin-inline-end:.45rem}
.did{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.it[open] .did{white-space:normal}
.it .num,.it .mark,.it>summary .stat{text-align:end}.mark{font-size:.84rem;font-weight:600;white-space:nowrap}.mark.run{color:var(--accent)}
.it[open]>summary{border-bottom:1px solid var(--line)}
.in{padding:.1rem 1.1rem 1.1rem 4rem}
.commits{font-size:.92rem}
.file{margin:.15rem 0}.file pre{max-height:34rem;overflow:auto}
.file pre ins,.file pre del{display:block;width:max-content;min-width:calc(100% + 1.8rem);margin:0 -.9rem;padding:0 .9rem}
.file pre ins{background:var(--good-bg);color:inherit}.file pre del{background:var(--bad-bg);color:inherit}
.file pre i{font-style:normal;color:var(--accent)}
.file summary code,div.file code{background:none}
.transcript>summary h4,.transcript h4{display:inline-block}
.said{max-width:56rem}.said p{margin:.45rem 0;white-space:pre-wrap}
.said .tool,.said .result,.said .note{font-family:ui-monospace,Menlo,Consolas,"Liberation Mono",monospace;font-size:.8rem;line-height:1.45}
.said .tool::before{content:"• ";color:var(--accent)}
.said .result{color:var(--soft);margin:-.2rem 0 .5rem .9rem;padding-inline-start:.7rem;border-inline-start:2px solid var(--line)}
.said .result.failed{border-color:var(--bad);color:var(--bad)}
.said .sub{margin-inline-start:2rem}
.acts{font-size:.88rem}.acts li{display:grid;grid-template-columns:6.2rem 1fr;gap:.6rem;padding:.12rem 0}.acts time{color:var(--soft);font-variant-numeric:tabular-nums}

.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:.8rem}
.card{background:var(--card);border:1px solid var(--line);border-inline-start:4px solid var(--tone);border-radius:10px;padding:.9rem 1.1rem}
.card p{margin:.25rem 0}.card .phases{margin:.8rem 0 .5rem}.card .phases span{display:none}.card .phases li{padding:0}
.card .says{padding-inline-start:.7rem;border-inline-start-width:2px;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
.card .next code{background:var(--tone-bg)}

footer{max-width:1080px;margin:2rem auto 0;padding:1rem 1.5rem 2rem;display:flex;flex-wrap:wrap;gap:.3rem 2rem;justify-content:space-between;color:var(--soft);font-size:.82rem}
body:not(:has(.it,.card)) .keys{display:none}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .3rem;background:var(--card)}

@media screen and (max-width:720px){
main{padding:1.3rem 1rem 1rem}h1{font-size:1.5rem}
.tiles{grid-template-columns:1fr 1fr}
.phases span{display:none}
.lane{grid-template-columns:1fr;gap:.1rem;padding-top:.3rem}.axis .lane-name{display:none}
.ticks time:nth-child(even){display:none}
.plot .lane-name{display:flex;flex-wrap:wrap;gap:.5rem;align-items:baseline}.plot .ys{flex-direction:row;gap:.6rem;margin:0 0 0 auto}.plot .ys span:not(:first-child){display:none}
.it>summary{grid-template-columns:1.6rem 1fr auto minmax(1rem,auto);gap:.1rem .6rem}
.it .n{grid-row:1/3;grid-column:1}.it .phase{grid-row:1;grid-column:2}.it .did{grid-column:2/5;grid-row:2;white-space:normal}
.it>summary .stat,.it .num+.num{display:none}.it .num{grid-row:1;grid-column:3}.it .mark{grid-row:1;grid-column:4}
.in{padding:.1rem .9rem 1rem}
.progress li{grid-template-columns:1.2rem 1fr 4rem}.progress svg{grid-column:2/4;grid-row:2}
.keys{display:none}}

@media print{
:root{--bg:#fff;--card:#fff}
body{font-size:10.5pt}main{max-width:none;padding:0}nav,.keys{display:none}
.tile,.qa,.card,.lanes,.run{break-inside:avoid}h2,h3,h4{break-after:avoid}
.file pre,pre{max-height:none;white-space:pre-wrap}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
