import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/core/kernel/clock.ts';
import type { StateManifest } from '../../src/extensions/pool/board/state-manifest.ts';
import { restoreCopy, restoreForWork } from '../../src/extensions/pool/states/restore-state.ts';

/** Restores a session from a JSON file with its plan, in a process that may crash. */
const { how, settings, ...plan } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const given = { ...plan, manifest: plan.manifest as StateManifest, clock: systemClock };
await (how === 'mirror' ? restoreCopy(given) : restoreForWork(given, settings));
