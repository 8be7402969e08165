#!/bin/sh
# A notebook that saves everything at each change, and a script that counts what that writes.
set -eu
cd "$1"
cat >README.md <<'FILE'
# Notes

Each change saves all notes as one JSON array. `node measure.mjs 1000` counts the bytes that a thousand new notes write.
FILE
cat >store.mjs <<'FILE'
import { writeFileSync } from 'node:fs';

export const asOneFile = (notes) => JSON.stringify(notes);
export const save = (path, notes) => writeFileSync(path, asOneFile(notes));
FILE
cat >measure.mjs <<'FILE'
import { asOneFile } from './store.mjs';

const count = Number(process.argv[2] ?? 100);
const note = (number) => ({ number, text: `Note number ${number}, forty characters long.` });
let [whole, appended] = [0, 0];
const notes = [];
for (let number = 1; number <= count; number += 1) {
  notes.push(note(number));
  whole += asOneFile(notes).length;
  appended += JSON.stringify(note(number)).length + 1;
}
console.log(`${count} notes: one file ${whole} bytes written, a line per note ${appended}`);
FILE
