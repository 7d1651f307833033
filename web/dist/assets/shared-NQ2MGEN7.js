import{l as o,t}from"./shared-MWQ7DWVP.js";var e=()=>o("p.empty",{role:"status"},t("loading"));export{e as a};
