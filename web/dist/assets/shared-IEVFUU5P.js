import{l as o,t}from"./shared-2ZAKGNQK.js";var e=()=>o("p.empty",{role:"status"},t("loading"));export{e as a};
