import { createWhole } from '../../kernel/files/atomic-file.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import type { Outcome } from '../../kernel/phases/outcome.ts';
import { MAX_SIGNAL_BYTES, parseSignal, type SignalReading } from '../../session/documents/signal.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import type { OverviewEnd } from '../recording/repair-overview.ts';

/** The agent's signal. The judged bytes are kept, so that the same bytes are judged again after a crash. */
export async function keepSignal(
  worker: Worker,
  open: OpenIteration,
  lastWords?: string,
): Promise<SignalReading> {
  const kept = iterationPaths(worker.paths, open.iteration).signal;
  const earlier = await readPlainFile(kept, MAX_SIGNAL_BYTES);
  if (earlier.kind === 'bytes') return parseSignal(earlier.bytes, open.phase);
  const reading = await readPlainFile(worker.paths.signal, MAX_SIGNAL_BYTES);
  if (reading.kind === 'unusable') return { kind: 'malformed', problem: reading.problem };
  const isUnwritten = reading.kind === 'missing' || parseSignal(reading.bytes, open.phase).kind === 'blank';
  if (isUnwritten && lastWords !== undefined) return await printedSignal(kept, lastWords, open);
  if (reading.kind === 'missing') return { kind: 'missing' };
  await createWhole(kept, reading.bytes);
  return parseSignal(reading.bytes, open.phase);
}

/** The signal of an agent that did not write it to the file but printed it last, as its CLI was instructed to. */
async function printedSignal(kept: string, text: string, open: OpenIteration): Promise<SignalReading> {
  const reading = parseSignal(text, open.phase);
  if (reading.kind !== 'signal') return { kind: 'blank' };
  await createWhole(kept, Buffer.from(text));
  return {
    ...reading,
    notes: [...reading.notes, 'No _signal.json was written; the last message is the signal.'],
  };
}

export function notesAbout(reading: SignalReading): string[] {
  if (reading.kind === 'signal') return reading.notes;
  return reading.kind === 'malformed' ? [reading.problem] : [];
}

export function signalOutcome(reading: SignalReading): Outcome['signal'] {
  if (reading.kind === 'signal') return { kind: 'signal', signal: reading.signal };
  if (reading.kind === 'malformed') return { kind: 'malformed', problem: reading.problem };
  return { kind: 'none' };
}

/** Messages that the agent names in its signal or in its overview changes. */
export function acknowledgedIds(
  worker: Worker,
  reading: SignalReading,
  { newFlow, lines }: OverviewEnd,
): string[] {
  const named = reading.kind === 'signal' ? (reading.signal.acknowledged ?? []) : [];
  const written = [...newFlow, lines.lastAction ?? '', lines.next ?? ''].join('\n');
  return stateOf(worker).messages.unacknowledged.filter((id) => named.includes(id) || written.includes(id));
}
