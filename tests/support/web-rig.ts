import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { type Clock, systemClock } from '../../src/core/kernel/clock.ts';
import { parseJson } from '../../src/core/kernel/parse-json.ts';
import { type RunningWeb, runWeb, type WebRequest } from '../../src/extensions/pages/web/server/run-web.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import type { TempProject } from './project.ts';

/** With it the page looks at sessions, agents and tokens twenty times a second, and gives up a stuck tab after 3 s. */
export const QUICK_CLOCK: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

/** Hours pass when the test says so, and whoever looks at the time again and again does so often. */
export function passingClock() {
  let [laterMs, looks] = [0, 0];
  const clock: Clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + laterMs,
    async sleep(ms, signal) {
      looks += 1;
      await systemClock.sleep(Math.min(ms, 20), signal);
    },
  };
  const jump = (minutes: number) => {
    laterMs += minutes * 60_000;
  };
  const pass = async (minutes: number) => {
    jump(minutes);
    const before = looks;
    await eventually(async () => looks > before + 10);
  };
  return { clock, jump, pass };
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

export interface Asked extends Omit<RequestOptions, 'headers'> {
  headers?: Record<string, string>;
  body?: string;
}

/** The page, served by this process on a real port. */
export interface WebRig extends AsyncDisposable, RunningWeb {
  port: number;
  /** What it reported as unexpected. */
  failures: unknown[];
  /** The key of the page, as a tab gets it: for a fresh code. */
  key(): Promise<string>;
  /** A request that carries the key. */
  ask(path: string, asked?: Asked): Promise<Answer>;
  /** The same as a stranger sends it. */
  askWithout(path: string, asked?: Asked): Promise<Answer>;
  /** What a person does on the page. @param tab what a confirmed tab sends */
  act(path: string, fields: object, tab?: string): Promise<Answer>;
  /** What the terminal shows of digits. */
  digits: (string | undefined)[];
  /** Asks for digits, or types them. */
  confirm(digits?: string): Promise<Answer>;
  /** What a person decides: with the hidden fields of the form that is shown for it. */
  decide(key: string, act: string, fields: object, tab?: string): Promise<Answer>;
  /** A tab at this place. */
  open(place: string, asked?: URLSearchParams): Promise<Tab>;
  end(): Promise<void>;
}

export interface Tab {
  status: number;
  /** Every piece as last sent, by its id. */
  parts: Map<string, string>;
  /** The updates so far. */
  updates: Record<string, unknown>[];
  closed: Promise<void>;
  close(): void;
}

export async function serveWeb(context: ActionContext, given: Partial<WebRequest> = {}): Promise<WebRig> {
  const port = given.port ?? (await freePort());
  const interrupted = new AbortController();
  const failures: unknown[] = [];
  const digits: WebRig['digits'] = [];
  const running = await runWeb(
    {
      showDigits: async (shown) => digits.push(shown) > 0,
      listen: '127.0.0.1',
      hosts: [],
      proxy: undefined,
      interrupted: interrupted.signal,
      failed: (error: unknown) => failures.push(error),
      ...given,
      port,
    },
    context,
  );
  const { address } = running.served;
  const at = Number(new URL(address).port) || port;
  const askWithout: WebRig['askWithout'] = (path, asked) => askOnce(at, path, asked);
  const key = async () =>
    (await exchange({ askWithout, served: running.served }, await running.newCode('address'))).text;
  let known: Promise<string> | undefined;
  const bearer = async () => {
    known ??= key();
    return { authorization: `Bearer ${await known}` };
  };
  const ask: WebRig['ask'] = async (path, asked = {}) =>
    await askWithout(path, { ...asked, headers: { ...(await bearer()), ...asked.headers } });
  // As in a form of the page, which names its session.
  const act: WebRig['act'] = (path, fields, tab) => {
    const body = JSON.stringify({ session: path.split('/')[2], ...fields });
    return ask(path, { method: 'POST', body, headers: tab === undefined ? {} : { 'x-tab': tab } });
  };
  const confirm: WebRig['confirm'] = (typed) =>
    ask('/confirm', { method: 'POST', body: JSON.stringify({ digits: typed }) });
  const open = async (place: string, asked = new URLSearchParams({ at: place })) =>
    await openTab(at, `/live?${asked}`, await bearer());
  const decide: WebRig['decide'] = async (key, name, fields, tab) => {
    const shown = await open(`/s/${key}`);
    const item = await eventually(async () => shown.parts.get('p-gate'));
    shown.close();
    return await act(`/s/${key}/${name}`, { ...hiddenFields(item, name), ...fields }, tab);
  };
  const end = async () => {
    interrupted.abort();
    await running.ended;
  };
  return {
    ...running,
    port: at,
    failures,
    key,
    ask,
    askWithout,
    act,
    digits,
    confirm,
    decide,
    open,
    end,
    [Symbol.asyncDispose]: end,
  };
}

/** The page of a project that is removed with it. */
export async function webOf(
  { context, repo }: Pick<TempProject, 'context' | 'repo'>,
  { clock = context.clock, ...given }: Partial<WebRequest & Pick<ActionContext, 'clock'>> = {},
): Promise<WebRig> {
  const web = await serveWeb({ ...context, clock }, given);
  return {
    ...web,
    async [Symbol.asyncDispose]() {
      await web.end();
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** The keys of the sessions that a tab was sent. */
export function keysIn({ parts }: Tab): string[] {
  return [...parts.keys()].filter((id) => id.startsWith('r-')).map((id) => id.slice(2));
}

/** The hidden fields of the form for an act. */
export function hiddenFields(markup: string, act: string): Record<string, string> {
  const form = markup.split('<form ').find((each) => each.startsWith(`data-act="${act}"`)) ?? '';
  const inputs = form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  return Object.fromEntries(Array.from(inputs, ([, name, value]) => [name, value]));
}

/** What a tab does with a code. */
export async function exchange(
  web: Pick<WebRig, 'askWithout' | 'served'>,
  code: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const host = { host: new URL(web.served.address).host };
  const body = JSON.stringify({ code });
  return await web.askWithout('/key', { method: 'POST', headers: { ...host, ...headers }, body });
}

/** @throws if the connection is closed before an answer */
export async function askOnce(
  port: number,
  path: string,
  { headers = {}, body, ...options }: Asked = {},
): Promise<Answer> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const all = 'transfer-encoding' in headers ? headers : { ...length, ...headers };
  const outgoing = request({ host: '127.0.0.1', port, path, agent: false, ...options, headers: all });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  // A refused body is not read to its end.
  outgoing.on('error', () => {});
  let text = '';
  for await (const piece of incoming.setEncoding('utf8')) text += piece;
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text };
}

async function openTab(port: number, path: string, headers: Record<string, string>): Promise<Tab> {
  const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const tab = { parts: new Map<string, string>(), updates: [] as Tab['updates'] };
  let text = '';
  incoming.setEncoding('utf8').on('data', (piece: string) => {
    const lines = (text + piece).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const update = parseJson(line) as Record<string, unknown> & { changed?: [string, string][] };
      tab.updates.push(update);
      for (const [id, piece] of update.changed ?? []) tab.parts.set(id, piece);
    }
  });
  incoming.on('error', () => {});
  const closed = new Promise<void>((resolve) => incoming.once('close', () => resolve()));
  return { ...tab, status: incoming.statusCode ?? 0, closed, close: () => outgoing.destroy() };
}
