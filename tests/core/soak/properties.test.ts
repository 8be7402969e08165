import { expect, test } from 'vitest';
import { documentsProperties } from '../properties/documents.ts';
import { eventsProperties } from '../properties/events.ts';
import { historyProperties } from '../properties/history.ts';
import { inboxProperties } from '../properties/inbox.ts';
import { leaseProperties } from '../properties/lease.ts';
import { namesProperties } from '../properties/names.ts';
import { overviewProperties } from '../properties/overview.ts';
import { planProperties } from '../properties/plan.ts';
import { qaProperties } from '../properties/qa.ts';
import { signalProperties } from '../properties/signal.ts';

const PROPERTIES = [
  ...[overviewProperties, qaProperties, signalProperties, planProperties, historyProperties],
  ...[documentsProperties, namesProperties, inboxProperties, eventsProperties],
  ...leaseProperties,
].flat();

const RUNS = 10 * Number(process.env.SAMOCODE_PROPERTY_RUNS);

test.each(PROPERTIES)('$name, with many inputs', async (property) => {
  expect(RUNS).toBeGreaterThan(0);
  await property.run(RUNS);
});
