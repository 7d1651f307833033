var e=t=>i(`${t}T23:59:59`),r=t=>i(`${t}T00:00`);function i(t){let n=new Date(t);return Number.isNaN(n.getTime())?"":n.toISOString()}export{e as a,r as b};
