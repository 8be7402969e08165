import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

/** Writes of the first worker before it parks with the questions; the ones behind are met on the way to the plan. */
const TO_THE_QUESTIONS = 36;
const TORN = 60;

const rows: FaultRow[] = Array.from({ length: TORN }, (_, index) => index + 1).map((write) => ({
  name: `write ${write} is torn by a crash, and the session goes on as if nothing had happened`,
  env: { SAMOCODE_TEAR_AT: `write@${write}` },
  ...(write > TO_THE_QUESTIONS && { start: { acceptSuggestions: true } }),
  ends: write > TO_THE_QUESTIONS ? 'waiting/plan_approval' : AT_THE_GATE,
  sameFiles: true,
}));

faultTable(rows);
