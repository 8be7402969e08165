import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { layDownForWork, layDownMirror } from '../../src/extensions/pool/lay-down.ts';
import type { StateNote } from '../../src/extensions/pool/state-note.ts';

/** Lays a session down by a JSON file of its plan, in a process that may crash. */
const { how, settings, ...plan } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const given = { ...plan, note: plan.note as StateNote, clock: systemClock };
await (how === 'mirror' ? layDownMirror(given) : layDownForWork(given, settings));
