"""The pages' one style sheet: phone to paper, light and dark; contrast at least 4.5:1 in both."""

STYLE = """
:root{color-scheme:light dark;--ink:#1c2024;--soft:#596067;--line:#d5dade;--paper:#fff;--tint:#f3f6f8;--mark:#0b6157;
--bar:#17897b;--bar2:#b45309;--on:#e2f1ee;--gap:#8a4b08}
@media (prefers-color-scheme:dark){:root{--ink:#e9ecef;--soft:#a9b1b9;--line:#3a424a;--paper:#14181b;--tint:#1d2327;
--mark:#6fd3c4;--bar:#3fb3a3;--bar2:#f0a04b;--on:#17332f;--gap:#f3b26b}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:break-word;hyphens:auto}
main,header,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
main{padding-bottom:3rem}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0 1rem;text-wrap:balance}
h2{font-size:1.35rem;line-height:1.25;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:3px solid var(--mark)}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
p,ul,ol,dl{max-width:46rem}
a{color:var(--mark)}
a:focus-visible,summary:focus-visible,input:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:1}
.lead{font-size:1.1rem;margin-top:0}
.soft,.names,caption small,.more{color:var(--soft)}
code,.raw{font:.85em/1.4 ui-monospace,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
code,.raw{color:var(--soft)}
.raw{display:block;font-size:.74em}
td.v,dd,.v{overflow-wrap:anywhere;unicode-bidi:isolate}
i{font-style:normal;color:var(--soft)}
mark{background:none;color:var(--gap);border-bottom:1px dashed}
.tiles,.cards,.toc{list-style:none;padding:0;margin:1rem 0;display:grid;gap:.75rem;max-width:none;
grid-template-columns:repeat(auto-fill,minmax(11rem,1fr))}
.tiles a,.cards li{display:block;height:100%;padding:.85rem 1rem;border-radius:.6rem;background:var(--tint);
border:1px solid var(--line);color:var(--ink);text-decoration:none}
.tiles a:hover{border-color:var(--mark)}
.tiles b{display:block;font-size:1.6rem;line-height:1.2;color:var(--mark);font-weight:650;overflow-wrap:anywhere}
.tiles small,.cards small{display:block;color:var(--soft);font-size:.85rem}
.cards{grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))}
.cards li{background:var(--on);border-color:var(--mark)}
.cards b{display:block;font-size:1.5rem;line-height:1.2}
.toc{grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.25rem 1rem}
.switch{display:flex;gap:.6rem;align-items:baseline;margin:1rem 0;font-size:.95rem}
.switch input{width:1.1rem;height:1.1rem;transform:translateY(.15rem);accent-color:var(--mark);flex:none}
table{border-collapse:collapse;width:100%;margin:.75rem 0 1.5rem;font-size:.95rem}
caption{text-align:left;font-weight:650;padding:.5rem 0;caption-side:top}
caption small{font-weight:400;display:block}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem .45rem 0;border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--line);font-size:.85rem}
th code,dt code,.names code{font-weight:400;font-size:.8em;display:block}
th[scope=row]{font-weight:500;width:15rem;overflow-wrap:anywhere}
.r>td{border-bottom:0;padding-bottom:.1rem}
.r:not(:has(+.more))>td{border-bottom:1px solid var(--line);padding-bottom:.45rem}
.g th{background:var(--tint);padding:.45rem .75rem;font-weight:650;border-bottom:0}
.more td{font-size:.82rem;padding-top:0;line-height:1.45}
.more b{font-weight:400}
.more span.v{margin-right:1em;color:var(--ink)}
.more span.v b,.more i{color:var(--soft)}
.more .raw,.same .raw{display:inline}
.same{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.1rem 1rem;max-width:none;
font-size:.85rem;background:var(--tint);padding:.6rem .85rem;border-radius:.5rem;margin:.5rem 0}
.same div{padding:.2rem 0}
.same dt{color:var(--soft)}
.same dd{margin:0}
.names{font-size:.85rem;max-width:none;margin:.5rem 0}
.names code{display:inline}
.names span{margin-right:.9em}
figure{margin:1rem 0 1.5rem;padding:1rem;border:1px solid var(--line);border-radius:.6rem}
figcaption{font-weight:650;margin-bottom:.5rem}
svg{display:block;width:100%;height:auto;max-height:15rem}
svg text{fill:var(--soft);font-size:12px}
.bar{fill:var(--bar)}
.bar2{fill:var(--bar2)}
.axis{stroke:var(--line)}
summary{cursor:pointer;color:var(--mark);font-size:.9rem}
.hash{font-size:.78em;word-break:break-all}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--tint);padding:.75rem;border-radius:.5rem}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.85rem;padding-top:1rem;padding-bottom:2rem}
body:has(#stored:not(:checked)) :is(.raw,th code,dt code,.names code,caption code){display:none}
@media (max-width:40rem){
h1{font-size:1.5rem}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
.same,.toc,.cards{grid-template-columns:minmax(0,1fr)}
svg text{font-size:22px}
svg .close{display:none}
.wide caption{display:block}
.wide thead{position:absolute;left:-99rem}
.wide,.wide tbody,.wide tr,.wide td,.wide th{display:block;width:auto}
.wide .r{padding-top:.5rem}
.wide .r:not(:has(+.more)){border-bottom:1px solid var(--line);padding-bottom:.5rem}
.wide .r>td,.wide .r:not(:has(+.more))>td{border:0;padding:.1rem 0;
display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:.1rem .75rem}
.wide .r>td::before{content:attr(data-l);color:var(--soft);font-size:.85em;grid-row:1/3}
.wide .r>td>.raw{grid-column:2}
th[scope=row]{width:40%}
}
@media print{
:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--tint:#f4f4f4;--mark:#0b4a43;--bar:#555;
--bar2:#999;--on:#fff;--gap:#000}
@page{margin:16mm 14mm}
html{font-size:9.5pt}
main,header,footer{max-width:none;padding:0}
h2{break-after:avoid}
tr,.cards li,.tiles li,figure,dl div{break-inside:avoid}
.r{break-after:avoid}
thead{display:table-header-group}
.skip,.switch,.toc,.noprint{display:none}
.tiles a{padding:.4rem .6rem}
a{color:inherit;text-decoration:none}
}
"""
