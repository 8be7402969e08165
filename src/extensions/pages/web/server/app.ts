import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import * as z from 'zod';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { ACTION_ERRORS } from '../../../../core/caller/errors/action-errors.ts';
import { type Clock, isoUtc } from '../../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../../core/kernel/errors.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import { LinkedController } from '../../../../core/kernel/processes/linked-controller.ts';
import { GATE_ERRORS } from '../../../../core/session/commands/gate-errors.ts';
import { actOnSession, Fields } from '../acts/acts.ts';
import { Outcomes } from '../acts/outcome.ts';
import { pictureByHash } from '../acts/pictures-part.ts';
import { answerStart } from '../acts/start-act.ts';
import { Colouring } from '../diff/colouring.ts';
import { diffPart } from '../views/changes-part.ts';
import { iterationPart } from '../views/iteration-part.ts';
import { LiveSessions } from '../views/live.ts';
import { type Needs, NewNeeds } from '../views/new-needs.ts';
import { PAGE, PAGE_HEADERS } from '../views/page.ts';
import { paneOf } from '../views/pane-of.ts';
import { contentOfTab } from '../views/tab-content.ts';
import { type TabUpdate, type TabView, TabViews } from '../views/tab-view.ts';
import { transcriptPart } from '../views/transcript-part.ts';
import { byTab, FAILED, problemText } from '../web-context.ts';
import { WEB_ERRORS } from '../web-errors.ts';
import type { ConfirmedTabs } from './confirmed-tabs.ts';
import { bearerHash, ownRequestsOnly, type RequestRules } from './requests.ts';
import { newProof, type OneTimeCodes, signWord } from './tab-key.ts';

export interface WebOptions extends Pick<RequestRules, 'hosts' | 'proxy'> {
  token: string;
  codes: OneTimeCodes;
  confirmed: ConfirmedTabs;
  /** An agent CLI started the server, so a click could be the agent's: nothing can be changed on the page. */
  onlyShows: boolean;
  failed(error: unknown): void;
  ended: AbortSignal;
}

const OneCode = z.object({ code: z.string().max(100) });
const Digits = z.object({ digits: z.string().max(100).optional() });
const WRONG_CODE = 'This code is wrong, has been used, or is older than 30 seconds.';
/** A person has only a few tabs. */
const MAX_STREAMS = 20;
/** The interval at which a stream polls for changes that are not watched, such as an agent's output. */
const POLL_MS = 1000;
/** An update is sent this often even if nothing changes, so that the browser notices a lost connection. */
const BEAT_MS = 15_000;

export interface WebApp {
  fetch(request: Request, env: HttpBindings | Http2Bindings): Response | Promise<Response>;
  /** The time of its last use, in monotonic milliseconds; infinite while a tab is open. */
  usedAt(): number;
}

/** Serves the page and its requests. Everything except the empty page requires the key, or a code for it. */
export function webApp(options: WebOptions, context: ActionContext): WebApp {
  const { ended, ...rules } = options;
  const failed = (error: unknown) => isEnd(error, [ended]) || options.failed(error);
  const { clock } = context;
  const usage: Usage = { streams: 0, usedAt: clock.monotonic() };
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(ownRequestsOnly({ ...rules, headers: PAGE_HEADERS }));
  app.get('/', (c) => c.html(PAGE.text));
  app.post('/key', async (c) => {
    const given = OneCode.safeParse(await c.req.json().catch(() => undefined)).data;
    return given && options.codes.redeem(given.code) ? c.text(options.token) : c.text(WRONG_CODE, 403);
  });
  app.get('/proof/:word', (c) => c.text(signWord(options.token, c.req.param('word'), portOf(c))));
  app.use(holdersOnly(options, { usage, clock }));
  app.onError((error, c) => {
    if (ACTION_ERRORS.pending.is(error)) return c.text(problemText(error), 202);
    if (GATE_ERRORS.tab_unconfirmed.is(error)) return c.text(problemText(error), 403, { 'x-confirm': 'tab' });
    if (isSamocodeError(error))
      return c.text(problemText(error), WEB_ERRORS.session_gone.is(error) ? 404 : 409);
    if (isEnd(error, [ended, c.req.raw.signal])) return c.text('It was ended.', 409);
    failed(error);
    return c.text(FAILED, 500);
  });
  app.notFound((c) => c.text('There is nothing here.', 404));
  const live = new LiveSessions(context, ended);
  // Reads the sessions ahead of the first tab. If that fails, the tab reads them again and shows the error.
  void live.list().catch(() => undefined);
  const colouring = new Colouring(context, ended);
  addReading(app, { live, usage, colouring, token: options.token, failed, context });
  addActs(app, { live, context, ended, confirmed: options.confirmed });
  return {
    fetch: (request, env) => app.fetch(request, env),
    usedAt: () => (usage.streams > 0 ? Number.POSITIVE_INFINITY : usage.usedAt),
  };
}

/** Whether an act was ended, by its tab or with the server. Any other error is a fault. */
function isEnd(error: unknown, signals: readonly AbortSignal[]): boolean {
  return signals.some(
    ({ aborted, reason }) =>
      aborted && (error === reason || (error instanceof Error && error.name === 'AbortError')),
  );
}

/** The number of open streams, and the time of the last request or of the end of the last stream. */
interface Usage {
  streams: number;
  usedAt: number;
}

interface Served {
  live: LiveSessions;
  context: ActionContext;
}

function holdersOnly(
  { token, onlyShows }: Pick<WebOptions, 'token' | 'onlyShows'>,
  { usage, clock }: { usage: Usage; clock: Clock },
): MiddlewareHandler {
  const hash = fingerprint(token);
  return async (c, next) => {
    if (bearerHash(c.req.header('authorization')) !== hash) return rejectTokenless(c);
    usage.usedAt = clock.monotonic();
    if (c.req.method !== 'GET' && onlyShows) throw WEB_ERRORS.only_shows();
    return await next();
  };
}

/** Absent for a request that came through the socket. */
function portOf({ env }: Context<{ Bindings: HttpBindings }>): number | undefined {
  return env.incoming.socket.localPort;
}

function rejectTokenless(c: Context) {
  return c.text('A token is needed.', 401, { 'www-authenticate': 'Bearer' });
}

function addReading(
  app: Hono<{ Bindings: HttpBindings }>,
  {
    live,
    usage,
    colouring,
    token,
    failed,
    context,
  }: Served & Pick<WebOptions, 'failed' | 'token'> & { usage: Usage; colouring: Colouring },
): void {
  const { clock } = context;
  const views = new TabViews();
  app.get('/live', (c) => {
    if (usage.streams >= MAX_STREAMS) return c.text('Too many tabs are open: close one.', 429);
    usage.streams += 1;
    const ended = () => {
      usage.streams -= 1;
      usage.usedAt = clock.monotonic();
    };
    const { at: place = '/', after = '', tab = '', got = '', empty } = c.req.query();
    const view = views.of(tab, Number(got));
    view.moveTo(paneOf(place), empty !== undefined);
    const drop = () => c.env.outgoing.destroy();
    const making = (signal: AbortSignal) =>
      updates({ place, after, view }, { live, context, failed }, signal);
    const body = streamOf(making, { clock, ended, failed, drop });
    const headers = {
      'content-type': 'application/x-ndjson',
      'x-proof': newProof(token, portOf(c)),
      'x-got': String(view.count),
    };
    return c.body(body, 200, headers);
  });
  app.get('/s/:key/iteration/:iteration', async (c) => {
    const session = await found(c.req.param('key'), live);
    const iteration = Number(c.req.param('iteration'));
    return c.html((await iterationPart({ session, key: c.req.param('key'), iteration }, context)).text);
  });
  app.get('/s/:key/transcript/:iteration', async (c) => {
    const { key, iteration } = c.req.param();
    const from = z.coerce.number().int().catch(0).parse(c.req.query('from'));
    const question = { session: await found(key, live), key, iteration: Number(iteration), from };
    return c.html((await transcriptPart(question, context)).text);
  });
  app.get('/s/:key/diff', async (c) => {
    const session = await found(c.req.param('key'), live);
    const { path = '', from, as } = c.req.query();
    return c.html((await diffPart({ session, path, from, isSide: as === 'side' }, colouring, context)).text);
  });
  app.get('/s/:key/picture/:hash', async (c) => {
    const { view } = await found(c.req.param('key'), live);
    const bytes = await pictureByHash(view, c.req.param('hash'));
    return bytes === undefined
      ? c.notFound()
      : c.body(new Uint8Array(bytes), 200, { 'content-type': 'image/png' });
  });
}

function addActs(
  app: Hono<{ Bindings: HttpBindings }>,
  { live, context, ended, confirmed }: Served & Pick<WebOptions, 'confirmed' | 'ended'>,
): void {
  const outcomes = new Outcomes(live, context);
  const acting = (c: Context) => ({ ...context, by: byTab(confirmed.has(c.req.header('x-tab'))) });
  app.post('/confirm', async (c) => {
    const { digits } = Digits.parse(await c.req.json().catch(() => ({})));
    if (digits !== undefined) return c.text(await confirmed.confirm(digits));
    await confirmed.ask();
    return c.body(null, 204);
  });
  app.get('/s/:key/outcome/:act', async (c) => {
    const { key, act } = c.req.param();
    return c.json(await outcomes.of(key, act));
  });
  app.post('/start', async (c) => await answerStart(c, await fieldsOf(c), { live, context: acting(c) }));
  app.post('/s/:key/:act', async (c) => {
    const { key, act } = c.req.param();
    // What only reads and takes long, as a verification, ends with its request or with the server.
    using serving = new LinkedController(ended);
    const signal = AbortSignal.any([serving.signal, c.req.raw.signal]);
    const asked = { session: await found(key, live), fields: await fieldsOf(c), signal };
    const id = String(asked.fields.act ?? '');
    const result = await outcomes.during(id, () => actOnSession(act, asked, acting(c)));
    return typeof result === 'string' ? c.text(result) : c.html(result.text);
  });
}

async function found(key: string, live: LiveSessions): Promise<ShownSession> {
  const listed = await live.row(key);
  if (listed === undefined) throw WEB_ERRORS.session_gone();
  return listed.session;
}

interface AskedView {
  place: string;
  /** ISO time of the tab's last update. */
  after: string;
  view: TabView;
}

/** What an update contains besides pieces. `end`: why the tab is no longer kept up to date; empty once it is again. */
interface Told extends Partial<Needs> {
  end?: string;
}

async function* updates(
  { place, after, view }: AskedView,
  { live, context, failed }: Served & Pick<WebOptions, 'failed'>,
  signal: AbortSignal,
): AsyncGenerator<object, void> {
  const { clock } = context;
  let wake = () => {};
  const stop = live.follow(() => wake());
  const news = new NewNeeds(after);
  const shown = contentOfTab(place, { live, failed }, context);
  try {
    let sentAt = Number.NEGATIVE_INFINITY;
    let ended = '';
    while (!signal.aborted) {
      using changed = new LinkedController(signal);
      // Passes a reason, because the default one costs a stack trace.
      wake = () => changed.abort('changed');
      const { pieces, end } = await shown();
      const told: Told = { ...(end !== ended && { end }), ...(await needsNow(news, live)) };
      // Nothing is awaited between this and the update, which a tab that leaves would not get.
      const update = view.changed(pieces);
      const isNew = end !== ended || (told.news?.length ?? 0) > 0 || isFilled(update);
      if (isNew || clock.monotonic() - sentAt > BEAT_MS) {
        sentAt = clock.monotonic();
        ended = end;
        view.count += 1;
        yield { ...update, ...told, until: isoUtc(clock.now()) };
      }
      if (update.more) continue;
      await clock.sleep(POLL_MS, changed.signal).catch(() => undefined);
    }
  } finally {
    stop();
  }
}

function isFilled({ order, changed }: TabUpdate): boolean {
  return order !== undefined || changed.length > 0;
}

async function needsNow(news: NewNeeds, live: LiveSessions): Promise<Needs> {
  try {
    return { ...news.needsIn(await live.list()), today: await live.costToday() };
  } catch {
    // The update says why the sessions cannot be read.
    return { needs: 0 };
  }
}

async function fieldsOf(c: Context) {
  const parsed = Fields.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) throw WEB_ERRORS.no_such_act({ act: c.req.path });
  return parsed.data;
}

/** A client that reads nothing for this long is disconnected. */
const STUCK_MS = 60_000;

interface StreamOptions {
  clock: Clock;
  ended(): void;
  failed(error: unknown): void;
  drop(): void;
}

/**
 * Streams updates as the body of a response, one line of JSON each. An update is made only when the reader has taken
 * the previous one, so a slow reader gets fewer updates and nothing accumulates.
 */
function streamOf(
  make: (signal: AbortSignal) => AsyncGenerator<unknown, void>,
  { clock, ended, failed, drop }: StreamOptions,
): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const updates = make(gone.signal);
  const encoder = new TextEncoder();
  let taken = new AbortController();
  const end = () => {
    taken.abort();
    if (gone.signal.aborted) return;
    gone.abort();
    void updates.return();
    ended();
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      taken.abort();
      try {
        const { value, done } = await updates.next();
        if (done) {
          end();
          return controller.close();
        }
        controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
        taken = new AbortController();
        void clock.sleep(STUCK_MS, taken.signal).then(drop, () => undefined);
      } catch (error) {
        // The client may have disconnected while the update was made.
        if (!gone.signal.aborted) failed(error);
        end();
        controller.error(error);
      }
    },
    cancel: end,
  });
}
