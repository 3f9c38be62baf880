
!function(){try{var e="undefined"!=typeof window?window:"undefined"!=typeof global?global:"undefined"!=typeof globalThis?globalThis:"undefined"!=typeof self?self:{},n=(new e.Error).stack;n&&(e._sentryDebugIds=e._sentryDebugIds||{},e._sentryDebugIds[n]="89f1811c-0f16-5a1e-979e-2425be661ccc")}catch(e){}}();
(()=>{var p=(o,e,t)=>()=>{if(t)throw t[0];try{return o&&(e=o(o=0)),e}catch(r){throw t=[r],r}};var l=(o,e)=>()=>{try{return e||o((e={exports:{}}).exports,e),e.exports}catch(t){throw e=0,t}};function n(o){let e=0;for(let t of o)e+=f(t)*t.count;return e}function f(o){if(o.price<0)throw new c("a price below zero: "+o.price);return o.price}var c,u=p(()=>{c=class extends Error{}});var a=l(()=>{u();function i(){let o=n([{price:3,count:1},{price:-1,count:2}]);console.log(o)}globalThis.checkout=i;i()});a();})();
//# sourceMappingURL=main.js.map

//# debugId=89f1811c-0f16-5a1e-979e-2425be661ccc
