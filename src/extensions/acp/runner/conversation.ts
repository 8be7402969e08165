import { readFileSync } from 'node:fs';
import type { InitializeResponse, NewSessionResponse, PromptResponse } from '@agentclientprotocol/sdk';
import { ifThere } from '../../../core/kernel/errors.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { answerTo } from '../judge.ts';
import { chooseModel, reachable } from '../offers.ts';
import { nextPrompt, OWN_LINE, type RunnerEnd, type RunnerLine, type RunnerPlan } from '../runner-plan.ts';

/** The functions of the process that runs the conversation. */
export interface Wires {
  send(line: string): void;
  log(line: string | Buffer): void;
  /** Calls `act` after a delay. @returns a function that cancels the call */
  later(ms: number, act: () => void): () => void;
}

type Message = { method?: string } & Partial<Record<'id' | 'params' | 'result' | 'error', unknown>>;

/** Not every version of the protocol reports usage. */
type Prompted = PromptResponse & { usage?: unknown };

const VERSION = 1;
const CAPABILITIES = { fs: { readTextFile: false, writeTextFile: false }, terminal: false };
const METHOD_NOT_FOUND = { code: -32601, message: 'Method not found' };
/** An agent that keeps requesting refused permissions wastes money. */
const MAX_REFUSALS = 50;
const MAX_PROMPTS_AFTER_REFUSAL = 3;
const MAX_LAST_WORDS_CHARS = 300;
/** Enough to recognize a notification: serializers write its method and its kind first. */
const HEAD_BYTES = 1024;
const ONLY_LOGGED = '"method":"session/update"';

class Ended extends Error {
  readonly end: RunnerEnd;

  constructor(end: RunnerEnd) {
    super(end.kind);
    this.end = end;
  }
}

/** One session of an agent. All its output is logged; only messages that need an answer are parsed. */
export class Conversation {
  readonly #plan: RunnerPlan;
  readonly #wires: Wires;
  readonly #blank: string | undefined;
  readonly #pending = new Map<number, { at: string; settle(answer: Message | Ended): void }>();
  #over: Ended | undefined;
  #requests = 0;
  #refused: string[] = [];
  #refusals = 0;
  #worked = false;
  #words = '';
  #notRetrying: (() => void) | undefined;

  constructor(plan: RunnerPlan, wires: Wires) {
    this.#plan = plan;
    this.#wires = wires;
    this.#blank = this.#signal();
  }

  /** Runs the session from the first request to the answer to the last prompt. */
  async run(prompt: string): Promise<RunnerEnd> {
    const end = await this.#talk(prompt).catch((error: unknown) => {
      if (error instanceof Ended) return error.end;
      throw error;
    });
    this.#say({ samocode: 'end', end, ...(this.#words && { words: this.#words }) });
    return end;
  }

  /** @param line a line of the agent's output; undefined if it is too long */
  takeLine(line: Buffer | undefined, bytes: number): void {
    this.#notRetrying?.();
    this.#notRetrying = undefined;
    if (line === undefined) return void this.#say({ samocode: 'cut', bytes });
    const head = line.toString('latin1', 0, HEAD_BYTES);
    this.#wires.log(head.startsWith(OWN_LINE) ? Buffer.concat([Buffer.from(' '), line]) : line);
    if (head.includes('"tool_call"')) this.#worked = true;
    if (!head.includes(ONLY_LOGGED)) this.#read(line.toString('utf8'));
  }

  /** @param line a line of the agent's stderr */
  takeDiagnosis(line: string): void {
    this.#note(line);
    const why = this.#plan.retryLine && new RegExp(this.#plan.retryLine).exec(line)?.[1];
    if (!why || this.#notRetrying) return;
    this.#notRetrying = this.#wires.later(this.#plan.retryMs, () => this.finish({ kind: 'retrying', why }));
  }

  finish(end: RunnerEnd): void {
    this.#over ??= new Ended(end);
    for (const { settle } of this.#pending.values()) settle(this.#over);
  }

  /** @param code the agent's exit status; null if it was killed, or if only its output has ended */
  gone(code: number | null): void {
    this.finish({ kind: 'gone', at: [...this.#pending.values()].at(-1)?.at ?? '', code });
  }

  async #talk(prompt: string): Promise<RunnerEnd> {
    const { cwd, answerMs, signalPath } = this.#plan;
    const ours = { protocolVersion: VERSION, clientCapabilities: CAPABILITIES };
    const agent = await this.#ask<InitializeResponse>('initialize', ours, answerMs);
    const { protocolVersion: version, agentInfo } = agent;
    if (version !== VERSION) return { kind: 'version', version };
    const { servers, leftOut } = reachable(this.#plan.servers, agent);
    if (leftOut.length > 0) this.#say({ samocode: 'left_out', servers: leftOut });
    // The agent starts the servers before it answers, so it gets more time.
    const place = { cwd, mcpServers: servers };
    const session = await this.#ask<NewSessionResponse>('session/new', place, answerMs * 3);
    const { model, request, refused } = chooseModel(session, this.#plan);
    if (refused && !request) return refused;
    if (request) await this.#ask(...request, undefined, refused);
    this.#say({ samocode: 'started', model, version: agentInfo?.version });
    const { sessionId } = session;
    let text = prompt;
    for (let [refusals, wasReminded] = [0, false]; ; ) {
      this.#refused = [];
      const given = { sessionId, prompt: [{ type: 'text', text }] };
      const { stopReason: reason, usage } = await this.#ask<Prompted>('session/prompt', given);
      this.#worked ||= Boolean(usage);
      const isOver = reason !== 'end_turn' || !this.#worked || this.#signal() !== this.#blank;
      const isRefused = this.#refused.length > 0 && refusals < MAX_PROMPTS_AFTER_REFUSAL;
      if (isOver || (wasReminded && !isRefused)) return { kind: 'stopped', reason, worked: this.#worked };
      this.#say({ samocode: 'again', why: isRefused ? 'refused' : 'signal' });
      text = nextPrompt(signalPath, isRefused ? this.#refused : []);
      if (isRefused) refusals += 1;
      else wasReminded = true;
    }
  }

  /** @param refused how the session ends if the agent answers with an error; by default, with that error */
  async #ask<Result>(at: string, params: object, limitMs?: number, refused?: RunnerEnd): Promise<Result> {
    if (this.#over) throw this.#over;
    const id = this.#requests++;
    const answer = new Promise<Message | Ended>((settle) => this.#pending.set(id, { at, settle }));
    this.#write({ id, method: at, params });
    const inTime = limitMs && this.#wires.later(limitMs, () => this.finish({ kind: 'silent', at }));
    const message = await answer;
    if (inTime) inTime();
    this.#pending.delete(id);
    if (message instanceof Ended) throw message;
    // The answer comes from another program, so every reader of it expects missing fields.
    if (message.error === undefined) return Object(message.result) as Result;
    const { code = 0, message: text = '' } = Object(message.error);
    throw new Ended(refused ?? { kind: 'error', at, code, message: String(text).slice(0, 1000) });
  }

  #read(line: string): void {
    const { id, method, params, ...answer }: Message = Object(parseJson(line));
    if (id === undefined && method === undefined) this.#note(line);
    else if (method === undefined) this.#pending.get(Number(id))?.settle(answer);
    else if (method === 'session/request_permission')
      this.#write({ id, result: this.#decide(Object(params)) });
    else if (id !== undefined) this.#write({ id, error: METHOD_NOT_FOUND });
  }

  #decide(params: object): object {
    const { outcome, refused } = answerTo(params, this.#plan);
    if (refused === undefined) return { outcome };
    this.#say({ samocode: 'refused', what: refused });
    this.#refused.push(refused);
    this.#refusals += 1;
    if (this.#refusals > MAX_REFUSALS) this.finish({ kind: 'asking', count: this.#refusals });
    return { outcome };
  }

  #signal(): string | undefined {
    return ifThere(() => readFileSync(this.#plan.signalPath, 'utf8'));
  }

  /** Keeps the agent's last line outside the protocol, which might be all that explains its end. */
  #note(line: string): void {
    if (/\w{3}/.test(line)) this.#words = line.trim().slice(0, MAX_LAST_WORDS_CHARS);
  }

  #write(message: object): void {
    this.#wires.send(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #say(line: RunnerLine): void {
    this.#wires.log(JSON.stringify(line));
  }
}
