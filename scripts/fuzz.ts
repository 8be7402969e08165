import './hand-over.ts';

import { documentsProperties } from '../tests/core/properties/documents.ts';
import { eventsProperties } from '../tests/core/properties/events.ts';
import { historyProperties } from '../tests/core/properties/history.ts';
import { inboxProperties } from '../tests/core/properties/inbox.ts';
import { leaseProperties } from '../tests/core/properties/lease.ts';
import { namesProperties } from '../tests/core/properties/names.ts';
import { overviewProperties } from '../tests/core/properties/overview.ts';
import { planProperties } from '../tests/core/properties/plan.ts';
import type { Property } from '../tests/core/properties/property.ts';
import { qaProperties } from '../tests/core/properties/qa.ts';
import { signalProperties } from '../tests/core/properties/signal.ts';
import { folderProperties } from '../tests/core/properties/unimported-folder.ts';

/** Runs every property many times: `npm run fuzz -- --runs 100000 --only qa`. */
const SUITES: Record<string, readonly Property[]> = {
  overview: overviewProperties,
  qa: qaProperties,
  signal: signalProperties,
  plan: planProperties,
  history: historyProperties,
  documents: documentsProperties,
  names: namesProperties,
  inbox: inboxProperties,
  folders: folderProperties,
  events: eventsProperties,
  lease: leaseProperties,
};

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};

const runs = Number(option('runs') ?? 10_000);
const only = option('only') ?? '';
const chosen = Object.entries(SUITES)
  .flatMap(([suite, properties]) =>
    properties.map((property) => ({ label: `${suite}: ${property.name}`, property })),
  )
  .filter(({ label }) => label.includes(only));

if (!Number.isInteger(runs) || runs < 1 || chosen.length === 0) {
  console.error(
    `Nothing to run: --runs must be a whole number, 1 or more, and --only a part of a name (${Object.keys(SUITES).join(', ')}).`,
  );
  process.exit(2);
}

let failed = 0;
for (const { label, property } of chosen) {
  const start = performance.now();
  try {
    await property.run(runs);
    console.log(`ok    ${label} (${runs} runs, ${Math.round(performance.now() - start)} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${label}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
