import { passLeaseOn, raceForLease, startContenders } from '../../support/lease-race.ts';
import type { Property } from './property.ts';

/** A round of real processes takes some 50 ms, so a long run of the parsers does not take hours here. */
const MAX_ROUNDS = 1000;
const CONTENDERS = 4;

export const leaseProperties: Property[] = [
  {
    name: `of ${CONTENDERS} processes that find a dead owner exactly one gets the lease (${MAX_ROUNDS} rounds at most)`,
    async run(runs) {
      await using contenders = await startContenders(CONTENDERS);
      await raceForLease(contenders, Math.min(runs, MAX_ROUNDS));
    },
  },
  {
    name: `a lease that is passed on has one owner at a time (${MAX_ROUNDS} rounds at most)`,
    async run(runs) {
      await using contenders = await startContenders(CONTENDERS);
      await passLeaseOn(contenders, Math.min(runs, MAX_ROUNDS));
    },
  },
];
