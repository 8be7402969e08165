import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import * as z from 'zod';
import type { ActionContext } from '../acts/common/context.ts';
import type { ShownSession } from '../acts/reading/watch-sessions.act.ts';
import { watchedRows } from '../acts/watch/groups.ts';
import type { Clock } from '../base/clock.ts';
import { isSamocodeError } from '../base/errors.ts';
import { fingerprint } from '../base/files/fingerprint.ts';
import type { HttpSessions } from '../server/http-sessions.ts';
import { actOnSession, Fields } from './acts.ts';
import { diffPart } from './changes-part.ts';
import { LiveSessions } from './live.ts';
import { PAGE, PAGE_HEADERS } from './page.ts';
import { bearerHash, ownRequestsOnly, type RequestRules, strangerLimit } from './requests.ts';
import { startFromPage } from './start-part.ts';
import { streamOf } from './stream.ts';
import { tokenIn } from './tokens.ts';
import { transcriptPart } from './transcript-part.ts';
import { type ViewUpdate, viewOf } from './views.ts';
import { problemText } from './web-context.ts';
import { WEB_ERRORS } from './web-errors.ts';

export interface WebOptions extends Pick<RequestRules, 'hosts' | 'proxy'> {
  token: string;
  /** An agent CLI has started it: a click could be the agent's. */
  onlyShows: boolean;
  /** With --mcp. */
  mcp?: HttpSessions | undefined;
  /** Told of what was not expected. */
  failed(error: unknown): void;
}

/** Streams at a time; a person has a few tabs. */
const MAX_STREAMS = 20;
/** How often a stream looks at what no session file announces, as an agent's output. */
const LOOK_MS = 1000;
/** What is sent when nothing happens, so that a lost connection is noticed. */
const BEAT_MS = 15_000;

export interface WebApp {
  fetch(request: Request, env: HttpBindings | Http2Bindings): Response | Promise<Response>;
  /** When it was last used, in monotonic milliseconds; infinite while somebody looks. */
  usedAt(): number;
}

/** The page, and what it asks for. Every answer but the empty page needs the token. */
export function webApp(options: WebOptions, context: ActionContext): WebApp {
  const { failed, mcp, ...rules } = options;
  const { clock, home } = context;
  const use: Use = { streams: 0, usedAt: clock.monotonic() };
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(ownRequestsOnly({ ...rules, headers: PAGE_HEADERS }));
  app.get('/', (c) => c.html(PAGE.text));
  const mayAsk = strangerLimit(clock);
  if (mcp !== undefined)
    app.all('/mcp', async (c) => {
      const client = tokenIn(c.req.header('authorization'), home);
      return client === undefined ? strange(c, mayAsk) : await mcp.answer(c.req.raw, client);
    });
  app.use(holdersOnly(options, { use, clock, mayAsk }));
  app.onError((error, c) => {
    if (isSamocodeError(error))
      return c.text(problemText(error), WEB_ERRORS.session_gone.is(error) ? 404 : 409);
    failed(error);
    return c.text('It failed; samocode web says why in its terminal.', 500);
  });
  app.notFound((c) => c.text('There is nothing here.', 404));
  const live = new LiveSessions(context);
  // Read before somebody looks: of the first tab's wait for a thousand sessions this is the most.
  void live.list().then(watchedRows, () => undefined);
  addReading(app, { live, use, failed, context });
  addActs(app, { live, context });
  return {
    fetch: (request, env) => app.fetch(request, env),
    usedAt: () => (use.streams > 0 ? Number.POSITIVE_INFINITY : Math.max(use.usedAt, mcp?.usedAt() ?? 0)),
  };
}

/** How many streams are open, and when the last one ended or the last request came. */
interface Use {
  streams: number;
  usedAt: number;
}

interface Served {
  live: LiveSessions;
  context: ActionContext;
}

function holdersOnly(
  { token, onlyShows }: Pick<WebOptions, 'token' | 'onlyShows'>,
  { use, clock, mayAsk }: { use: Use; clock: Clock; mayAsk: () => boolean },
): MiddlewareHandler {
  const hash = fingerprint(token);
  return async (c, next) => {
    if (bearerHash(c.req.header('authorization')) !== hash) return strange(c, mayAsk);
    use.usedAt = clock.monotonic();
    if (c.req.method !== 'GET' && onlyShows) throw WEB_ERRORS.only_shows();
    return await next();
  };
}

/** The answer to a request without a token. */
function strange(c: Context, mayAsk: () => boolean) {
  return mayAsk()
    ? c.text('A token is needed.', 401, { 'www-authenticate': 'Bearer' })
    : c.text('Too many requests without a token.', 429);
}

function addReading(
  app: Hono<{ Bindings: HttpBindings }>,
  { live, use, failed, context }: Served & Pick<WebOptions, 'failed'> & { use: Use },
): void {
  const { clock } = context;
  app.get('/live', (c) => {
    if (use.streams >= MAX_STREAMS) return c.text('Too many tabs are open: close one.', 429);
    use.streams += 1;
    const ended = () => {
      use.streams -= 1;
      use.usedAt = clock.monotonic();
    };
    const place = c.req.query('at') ?? '/';
    const drop = () => c.env.outgoing.destroy();
    const making = (signal: AbortSignal) => updates(place, { live, context }, signal);
    const body = streamOf(making, { clock, ended, failed, drop });
    return c.body(body, 200, { 'content-type': 'application/x-ndjson' });
  });
  app.get('/s/:key/transcript/:iteration', async (c) => {
    const { key, iteration } = c.req.param();
    const from = z.coerce.number().int().catch(0).parse(c.req.query('from'));
    const question = { session: await found(key, live), key, iteration: Number(iteration), from };
    return c.html((await transcriptPart(question, context)).text);
  });
  app.get('/s/:key/diff', async (c) => {
    const session = await found(c.req.param('key'), live);
    const { path = '', as } = c.req.query();
    return c.html((await diffPart({ session, path, isSide: as === 'side' }, context)).text);
  });
}

function addActs(app: Hono<{ Bindings: HttpBindings }>, { live, context }: Served): void {
  app.post('/start', async (c) => c.text(await startFromPage(await fieldsOf(c), context)));
  app.post('/s/:key/:act', async (c) => {
    const { key, act } = c.req.param();
    const asked = { session: await found(key, live), fields: await fieldsOf(c) };
    const said = await actOnSession(act, asked, context);
    return typeof said === 'string' ? c.text(said) : c.html(said.text);
  });
}

/** @throws session_gone */
async function found(key: string, live: LiveSessions): Promise<ShownSession> {
  const session = await live.find(key);
  if (session === undefined) throw WEB_ERRORS.session_gone();
  return session;
}

/** First the frame, then whatever changes. */
async function* updates(
  place: string,
  { live, context }: Served,
  signal: AbortSignal,
): AsyncGenerator<object, void> {
  const { clock } = context;
  let ring = () => {};
  const stop = live.follow(() => ring());
  const { frame, update } = viewOf(place, live, context);
  try {
    yield { frame: frame.text };
    let saidAt = Number.NEGATIVE_INFINITY;
    let ended = '';
    while (!signal.aborted) {
      const rung = new AbortController();
      ring = () => rung.abort();
      const {
        end = '',
        more,
        ...changes
      } = await update().catch((error): ViewUpdate => ({ end: problemText(error) }));
      const isNew = end !== ended || Object.values(changes).some((each) => each.length > 0);
      if (isNew || clock.monotonic() - saidAt > BEAT_MS) {
        saidAt = clock.monotonic();
        const rows = watchedRows(await live.list().catch(() => []));
        const needs = rows.filter(({ facts }) => facts.needsHuman).length;
        yield { ...changes, more, needs, ...(end !== ended && { end }) };
        ended = end;
      }
      if (more) continue;
      await clock.sleep(LOOK_MS, AbortSignal.any([signal, rung.signal])).catch(() => undefined);
    }
  } finally {
    stop();
  }
}

async function fieldsOf(c: Context) {
  const parsed = Fields.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) throw WEB_ERRORS.no_such_act({ act: c.req.path });
  return parsed.data;
}
