import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { readSession } from '../../src/core/session/folder/read-session.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { shortId } from '../../src/core/session/layout/names.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents } from '../../src/core/session/log/event-log.ts';
import type { WatchedSession } from '../../src/core/supervisor/session.ts';
import { compose } from '../../src/extensions/notify/notice/compose.ts';
import { noticesOf } from '../../src/extensions/notify/outbox/from-events.ts';
import { statusDraft } from '../../src/extensions/notify/telegram/phone-commands.ts';
import { draftsOf } from '../../src/extensions/notify/telegram/render.ts';
import { typed } from '../app/unit/cli/typed.ts';
import { builtPrograms } from './built-programs.ts';
import { eventually } from './eventually.ts';
import { makeFakeClient } from './fake-client.ts';
import { type Connection, connect } from './mcp-client.ts';
import { type DemoProject, makeDemoProject } from './mcp-rig.ts';
import { typedDigits } from './type-digits.ts';
import { type PageUpdate, webPage } from './web-page.ts';

export type Face = 'tools' | 'forms' | 'screens' | 'json' | 'pages' | 'phone' | 'notices' | 'set-up' | 'pool';

type Surroundings = ActionContext & { cwd: string; env: Record<string, string> };

/** A client over stdio gives its server these as well. */
const SAME_FOR_ALL = { SHELL: '/bin/sh', TERM: 'dumb', USER: 'test', LOGNAME: 'test' };

/** Checks of the doctor that say what is installed on this machine. */
const OF_MACHINE = /^(?:machine\..*|cli\..*|git|install|sandbox)$/;

/** Acts after which a session works: how far it is when they report depends on the machine. */
const ACTS = /^(?:start|resume|answer|approve|changes|request|message|send|finish|archive|unarchive)/;

const MOVING = new Set([
  ...['state', 'for', 'phase', 'iteration', 'phase_iteration', 'since', 'needs_human', 'open_questions'],
  ...['worker', 'problems', 'activity', 'next', 'next_commands'],
]);

function withoutMoving(result: object): object {
  if ('error' in result || 'code' in result) return result;
  const moves = (key: string, value: unknown) =>
    MOVING.has(key) || (key === 'summary' && / is running| waits for /.test(String(value)));
  return Object.fromEntries(Object.entries(result).filter(([key, value]) => !moves(key, value)));
}

/** What differs from run to run or from machine to machine, in the order of replacing. */
const VARYING: readonly [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?/g, '<time>'],
  [/\b\d\d-\d\d \d\d:\d\d\b/g, '<minute>'],
  [/\b\d\d-\d\d-\d{4}(?=-)/g, '<minute>'],
  // A second plan of one minute has another name than one of the next minute.
  [/(?<=<minute>-[a-z-]*)-\d(?=\.md)/g, ''],
  [/\b\d{4}-\d\d-\d\d\b/g, '<date>'],
  [/\b\d\d-\d\d-\d\d(?=-boat)/g, '<day>'],
  [/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, '<ulid>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, '<uuid>'],
  [/\b(?=[a-f]*\d)[0-9a-f]{7,64}\b/g, '<hash>'],
  [/SHA256:[\w+/]{43}/g, '<fingerprint>'],
  [/(?<=<section id="(?:timeline|documents)">).*?(?=<\/section>)/gs, '…'],
  [/\bduration_ms:? [\d.]+/g, 'duration_ms <n>'],
  [/\bpid \d+/g, 'pid <n>'],
  [/\b_overview\.md, \d+ characters/g, '_overview.md, <n> characters'],
  [/"(pid|durationMs|duration_ms|age_ms|bytes)":( ?)\d+/g, '"$1":$2<n>'],
  [/"cursor":( ?)"\d+!?"/g, '"cursor":$1"<n>"'],
  [/\b\d+(?:\.\d+)?[ \u00a0](?:ms|s|min|h)\b(?:[ \u00a0]\d+[ \u00a0](?:s|min)\b)?/g, '<n> s'],
  [/started by [^)"]+/g, 'started by node'],
  [/\b\d+(?:\.\d+)?[ \u00a0](?:kB|MB|GB)\b/g, '<n> MB'],
];

/** Listed by the minute in their names, and then by name. */
const DOCUMENTS = /(?:^ *"?<minute>-.*\n){2,}/gm;

/**
 * A session with its worker and rehearsal agents, and everything that its faces show, as text without what differs from
 * run to run.
 */
export class Walk implements AsyncDisposable {
  session = '';
  /** How the person fills in the next forms. */
  readonly fills: ElicitResult['content'][] = [];
  readonly place: DemoProject;
  readonly parent: Connection;
  readonly #context: Surroundings;
  readonly #texts = new Map<Face, string[]>();
  readonly #told = new Set<string>();
  readonly #shown = new Map<string, unknown>();

  private constructor(place: DemoProject, parent: Connection, context: Surroundings) {
    this.place = place;
    this.parent = parent;
    this.#context = context;
    parent.client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      const typed = typedDigits(params);
      if (typed) return typed;
      this.#note('forms', params.message.split('\n')[0] ?? '', params);
      const content = this.fills.shift();
      return content === undefined ? { action: 'cancel' } : { action: 'accept', content };
    });
  }

  static async begin(): Promise<Walk> {
    const place = await makeDemoProject({ bare: true });
    const { repo: cwd, home } = place;
    const bin = join(home, 'bin');
    await makeFakeClient(bin, 'claude');
    const env = { ...place.env, ...SAME_FOR_ALL, PATH: `${bin}:${place.env.PATH}` };
    const programs = await builtPrograms();
    const parent = await connect({ cwd, env, capabilities: { elicitation: { form: {} } } });
    const who = { clock: systemClock, host: await systemHost(), by: { channel: 'web' } } as const;
    return new Walk(place, parent, { ...who, env, home, cwd, programs });
  }

  /** Calls a tool over MCP. */
  async tool(name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const of = this.session === '' || 'group' in args ? args : { session: this.session, ...args };
    const { json, isError } = await this.parent.call(name, name === 'list_sessions' ? args : of);
    const shown = ACTS.test(name) ? withoutMoving(json) : json;
    this.#note('tools', `${name} ${JSON.stringify(args)}${isError ? ' fails' : ''}`, shown);
    await this.settled();
    return json;
  }

  /** Runs command lines one after another, each of which may continue the session. */
  async typed(face: Face, ...lines: string[]): Promise<void> {
    for (const line of lines) await this.asked(face, line);
  }

  /** Runs a command line as a person does who answers its questions. */
  async asked(face: Face, line: string, says?: string[]): Promise<void> {
    const told = says === undefined ? '' : ` (the person says: ${says.join(', ')})`;
    this.#note(face, `$ samocode ${line}${told}`, await this.#run(line.split(' '), says));
    await this.settled();
  }

  /** Waits until the session rests, and its worker has left. */
  async settled(): Promise<void> {
    if (this.session === '') return;
    const isSettled = async () => {
      const { worker, pendingCommands, needsWorker } = await this.#view();
      return worker === 'none' && pendingCommands.length === 0 && !needsWorker;
    };
    await eventually(isSettled, { what: 'a session that rests' });
  }

  /** Looks at the session through every face; `at` says where it stands. */
  async look(at: string, { tools, commands }: { tools: LookAt[]; commands: string[] }): Promise<void> {
    for (const face of ['tools', 'screens', 'json', 'pages', 'phone', 'notices'] as const)
      this.#texts.set(face, [...(this.#texts.get(face) ?? []), `======== ${at}\n`]);
    for (const [name, args] of tools) await this.tool(name, args);
    for (const line of commands) {
      await this.typed('screens', line);
      await this.typed('json', `${line} --json`);
    }
    await this.#phone();
    await this.#pages();
  }

  /** The text of each face. */
  async texts(): Promise<[Face, string][]> {
    const commits = (await this.place.git('rev-list', '--all', '--reflog')).split('\n').filter(Boolean);
    const names: (readonly [RegExp | string, string])[] = [
      [dirname(this.place.repo), '/place'],
      [shortId(this.session), '<id>'],
      ...commits.map((commit) => [new RegExp(`\\b${commit.slice(0, 7)}[0-9a-f]*`, 'g'), '<hash>'] as const),
      ...VARYING,
    ];
    const plain = (text: string) =>
      names
        .reduce((all, [name, shown]) => all.replaceAll(name, shown), text)
        .replace(DOCUMENTS, (lines) => lines.trimEnd().split('\n').sort().join('\n').concat('\n'));
    return [...this.#texts].map(([face, parts]) => [face, plain(parts.join('\n'))]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parent[Symbol.asyncDispose]();
    await this.place[Symbol.asyncDispose]();
  }

  #note(face: Face, title: string, what: unknown): void {
    const text = typeof what === 'string' ? stripVTControlCharacters(what) : laidOut(what);
    this.#texts.set(face, [...(this.#texts.get(face) ?? []), `#### ${title}\n${text.trimEnd()}\n`]);
  }

  async #run(argv: readonly string[], says?: string[]): Promise<string> {
    const { cwd, home, env, programs } = this.#context;
    const of = argv.map((word) => (word === 'SESSION' ? this.session : word));
    const { exitCode, stdout, stderr } = await typed(of, { cwd, home, env, programs, ...(says && { says }) });
    const isJson = argv.includes('--json');
    const found = isJson ? JSON.parse(stdout) : stdout.trimEnd();
    const moves = isJson && ACTS.test(argv[0] ?? '');
    const shown = argv[0] === 'doctor' ? ofAnyMachine(found) : moves ? withoutMoving(found) : found;
    const out = isJson ? laidOut(shown) : shown;
    return [
      ...(exitCode === 0 ? [] : [`(exit status ${exitCode})`]),
      ...(out === '' ? [] : [out]),
      ...(stderr === '' ? [] : [`(to stderr)\n${stderr.trimEnd()}`]),
    ].join('\n');
  }

  async #view(): Promise<SessionView> {
    const view = await readSession(sessionPaths(this.place.sessionsDir, this.session), this.#context.host);
    if (view === undefined) throw new Error('The session has vanished.');
    return view;
  }

  /** The notices since the last look, and the phone's messages for them and for a question about the status. */
  async #phone(): Promise<void> {
    const view = await this.#view();
    const asked = await statusDraft(view, { ...this.#context, by: { channel: 'phone' }, isBrief: false });
    this.#note('phone', '/status', asked);
    const scan = { sessionId: view.sessionFile?.id ?? '', sessions: new Map() };
    // The other values are not read.
    const watched = { view } as WatchedSession;
    const all = (await readEvents(view.paths, 0)).flatMap((event) => noticesOf(event, watched, scan));
    for (const notice of all.filter(({ id }) => !this.#told.has(id))) {
      this.#told.add(notice.id);
      const notification = await compose(notice, view);
      this.#note('notices', notice.text, notification ?? 'is settled');
      if (notification !== undefined) this.#note('phone', notification.title, draftsOf(notification));
    }
  }

  /** What changed of the live page since the last look: of its list and of the session, and at its end of each part. */
  async #pages(): Promise<void> {
    using page = await webPage(this.#context);
    const isDone = (await this.#view()).state.status.kind === 'done';
    const tabs = isDone ? ['questions', 'plan', 'checks', 'acts'] : [];
    for (const at of ['/', `/s/${page.key}`, ...tabs.map((tab) => `/s/${page.key}/${tab}`)]) {
      const [update] = await page.updates(at, () => true);
      for (const [name, part] of update === undefined ? [] : partsOf(update)) {
        const id = name.replace(page.key, 'SESSION');
        const isTab = tabs.some((tab) => at.endsWith(tab));
        // The timeline, with which a session opens, is drawn by the time of day; documents go by the minute.
        if (isTab !== (id === 'p-tab') || (at !== '/' && id === 'r-SESSION')) continue;
        if (this.#shown.get(at + name) === part) continue;
        this.#shown.set(at + name, part);
        this.#note('pages', `${at.replace(page.key, 'SESSION')} ${id}`, part);
      }
    }
  }
}

function partsOf({ changed, ...update }: PageUpdate): [string, unknown][] {
  return [...Object.entries(update), ...changed];
}

export type LookAt = [tool: string, args?: Record<string, unknown>];

/** What `samocode doctor` says, without what is installed on this machine. */
function ofAnyMachine(found: string | { checks: { id: string }[] }): unknown {
  if (typeof found !== 'string')
    return { ...found, checks: found.checks.filter(({ id }) => !OF_MACHINE.test(id)) };
  const rows = found.split('\n').filter((row) => !OF_MACHINE.test(row.split('\t')[1] ?? ''));
  return rows.join('\n').replace(/with \d+ warnings?/, 'with <n> warnings');
}

const WIDTH = 120;

/** JSON with one line for each value that is short enough, and the lines of a long text below each other. */
function laidOut(value: unknown, indent = ''): string {
  const short = JSON.stringify(value) ?? 'undefined';
  const isShort = indent.length + short.length <= WIDTH;
  const inner = `${indent} `;
  if (typeof value === 'string' && !isShort && value.includes('\n'))
    return `|\n${value.replace(/^/gm, `${inner}| `)}`;
  if (typeof value !== 'object' || value === null || isShort) return short;
  const isList = Array.isArray(value);
  const lines = isList
    ? value.map((each) => inner + laidOut(each, inner))
    : Object.entries(value).map(([key, each]) => `${inner}${JSON.stringify(key)}: ${laidOut(each, inner)}`);
  return [isList ? '[' : '{', lines.join('\n'), indent + (isList ? ']' : '}')].join('\n');
}
