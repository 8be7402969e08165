import { newRegistry } from '../../kernel/registry.ts';
import type { Command } from '../../session/commands/commands.ts';
import type { Finishing, FinishingOf } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Handler } from './command-outcome.ts';
import type { Worker } from './worker.ts';

/** How a worker does one kind of work at the end of a session. */
export interface Performer<K extends Finishing['kind']> {
  /** From the start, or from wherever a crash interrupted it. @returns the events that end it */
  perform(worker: Worker, work: FinishingOf<K>): Promise<NewEvent[]>;
  /** The event that ends it after a lasting failure. */
  failed(work: FinishingOf<K>, failure: { code: string; reason: string }): NewEvent;
}

export type Handlers = { readonly [K in Command['kind']]: Handler<K> };
export type Performers = { readonly [K in Finishing['kind']]: Performer<K> };

/** What an extension does in a worker, by kind of command and of finishing. */
export interface SessionExtension {
  commands: Partial<Handlers>;
  finishing: Partial<Performers>;
}

export const sessionExtensions = newRegistry<SessionExtension>('session extensions');
