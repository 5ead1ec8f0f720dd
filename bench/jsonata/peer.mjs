// peer.mjs FOLDER: the cases of cases.json with npm's jsonata, installed in FOLDER, which also has the data: one JSON line
// a case, {name, ns} or {name, error}.
import { readFileSync } from "fs";
import { createRequire } from "module";

const folder = process.argv[2];
const jsonata = createRequire(`${folder}/`)("jsonata");
const cases = JSON.parse(readFileSync(new URL("cases.json", import.meta.url)));
const data = JSON.parse(readFileSync(`${folder}/data.json`, "utf8"));

async function time(expression, input, seconds) {
  let count = 0;
  const start = process.hrtime.bigint();
  const end = start + BigInt(Math.round(seconds * 1e9));
  let now = start;
  while (now < end) {
    for (let i = 0; i < 8; i++) await expression.evaluate(input);
    count += 8;
    now = process.hrtime.bigint();
  }
  return Number(now - start) / count;
}

for (const { name, expr, data: which } of cases) {
  const expression = jsonata(expr);
  await time(expression, data[which], 0.3);
  let ns = Infinity;
  for (let round = 0; round < 5; round++) ns = Math.min(ns, await time(expression, data[which], 0.1));
  console.log(JSON.stringify({ name, ns, result: await expression.evaluate(data[which]) }));
}
