import type * as z from 'zod';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { NextStep } from '../../base/acts.ts';
import type { Ask } from './form.ts';

/** What a tool's handler is given beside its input. */
export interface ToolContext {
  actions: ActionContext;
  /** `clientInfo.name` as the client gave it; empty when it gave none. */
  clientName: string;
  /** Aborted when the client cancels the call. */
  signal: AbortSignal;
  /** Tells the client that the call is alive; does nothing when it did not ask for that. */
  progress(message: string): void;
  /** Puts a form to the user; absent where the client shows none. Never the only way to anything. */
  ask?: Ask | undefined;
}

/** One small object: `summary` is a sentence for people; `next` becomes the exact call or what to say to the user. */
export interface ToolResult {
  summary: string;
  next?: readonly NextStep[];
  [field: string]: unknown;
}

/** All four, because clients decide by them what runs without a question and what runs side by side. */
export interface ToolHints {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

export interface Tool {
  name: string;
  /** People see it when they are asked to allow the call. */
  title: string;
  description: string;
  input: z.ZodObject;
  /** Every result that is no error, as its client gets it. */
  output: z.ZodObject;
  annotations: ToolHints;
  /** Shown to the model from the start where others are searched for. */
  isCore?: boolean;
  /** Words to find it by. */
  searchHint?: string;
  /** @param args as the client sent them @throws BadInputError */
  handle(args: unknown, context: ToolContext): Promise<ToolResult>;
}
