import type * as z from 'zod';
import type { ActionContext } from '../../caller/context/context.ts';
import type { NextStep } from '../../kernel/acts.ts';
import type { Ask } from './form.ts';

export interface ToolContext {
  actions: ActionContext;
  /** `clientInfo.name` as sent by the client; empty if it sent none. */
  clientName: string;
  /** The client with its version and the program that started this server: recorded with the answers of a form. */
  shownBy?: string;
  /** Aborted when the client cancels the call. */
  signal: AbortSignal;
  /** Sends a progress notification if the client asked for them. */
  progress(message: string): void;
  /** Shows the user a form; absent if the client has none, so every tool works without it. */
  ask?: Ask;
  /**
   * Lets the client follow these sessions as a task; false if something is due already, or they do not run. Absent if this
   * request does not declare tasks.
   */
  asTask?(wait: TaskedWait): Promise<boolean>;
}

/** What `wait` was asked for, about one session or a group. */
export interface TaskedWait {
  session?: string;
  group?: string;
  cursor?: string;
  until: 'change' | 'attention' | 'done' | 'merged';
  projectDir?: string;
}

/**
 * One small object: `summary` is a sentence for people; `next` becomes the exact calls or a message for the user.
 */
export interface ToolResult {
  summary: string;
  next?: readonly NextStep[];
  [field: string]: unknown;
}

/**
 * All four are required: clients use them to decide which calls run without confirmation and which run in parallel.
 */
export interface ToolHints {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

export interface Tool {
  name: string;
  /** Shown to people who are asked to allow the call. */
  title: string;
  description: string;
  input: z.ZodObject;
  output: z.ZodObject;
  annotations: ToolHints;
  /** Clients that load other tools only on a search load this one from the start. */
  isCore?: boolean;
  searchHint?: string;
  /** @param args as the client sent them */
  handle(args: unknown, context: ToolContext): Promise<ToolResult>;
}
