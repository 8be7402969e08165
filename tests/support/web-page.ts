import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { webApp } from '../../src/extensions/pages/web/server/app.ts';
import { ConfirmedTabs } from '../../src/extensions/pages/web/server/confirmed-tabs.ts';
import { OneTimeCodes } from '../../src/extensions/pages/web/server/tab-key.ts';
import { LiveSessions } from '../../src/extensions/pages/web/views/live.ts';

export type PageUpdate = Record<string, unknown> & { changed: [id: string, html: string][] };

export interface WebPage extends Disposable {
  /** Of the only session there is. */
  key: string;
  get(path: string): Promise<string>;
  ask(path: string, init?: RequestInit): Promise<Response>;
  act(name: string, fields: Readonly<Record<string, string>>): Promise<{ status: number; text: string }>;
  /** A piece of the session's page, as a tab that opens it gets it. @param id such as `p-head`, or `p-tab plan` for one of its parts */
  part(id: string): Promise<string>;
  /** What a tab gets that opens a place, until `isWhole`: one object per update. */
  updates(at: string, isWhole: (update: PageUpdate) => boolean): Promise<PageUpdate[]>;
}

/** No stream is opened, so nothing of a connection is used. */
const NOBODY = { incoming: { socket: {} } } as Parameters<ReturnType<typeof webApp>['fetch']>[1];

/** The live page of a machine with one session, asked as a tab asks it. */
export async function webPage(context: ActionContext): Promise<WebPage> {
  const token = 'token-of-the-test';
  const unexpected: unknown[] = [];
  const failed = (error: unknown) => unexpected.push(error);
  const end = new AbortController();
  const ended = end.signal;
  const codes = new OneTimeCodes(context.clock);
  const confirmed = new ConfirmedTabs(async () => false, context.clock);
  const app = webApp({ token, codes, confirmed, onlyShows: false, hosts: [], failed, ended }, context);
  const [key] = (await new LiveSessions(context, ended).list()).byKey.keys();
  if (key === undefined) throw new Error('There is no session.');
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { host: '127.0.0.1:4577', authorization: `Bearer ${token}`, ...init.headers };
    const answer = await app.fetch(new Request(`http://127.0.0.1:4577${path}`, { ...init, headers }), NOBODY);
    if (answer.status === 500) throw unexpected[0];
    return answer;
  };
  const updates: WebPage['updates'] = async (at, isWhole) => {
    const { body } = await ask(`/live?at=${at}`);
    let text = '';
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString();
      const lines = text.split('\n').slice(0, -1);
      const all = lines.map((line) => JSON.parse(line) as PageUpdate);
      const end = all.findIndex(isWhole);
      if (end >= 0) return all.slice(0, end + 1);
    }
    throw new Error(`The page never showed all of ${at}.`);
  };
  return {
    key,
    ask,
    get: async (path) => await (await ask(path)).text(),
    async act(name, fields) {
      const headers = { 'content-type': 'application/json' };
      const answer = await ask(`/s/${key}/${name}`, {
        method: 'POST',
        body: JSON.stringify({ session: key, ...fields }),
        headers,
      });
      return { status: answer.status, text: await answer.text() };
    },
    updates,
    async part(id) {
      const [piece, tab = ''] = id.split(' ');
      // The first update has all of a page with one session.
      const [{ changed } = { changed: [] }] = await updates(`/s/${key}/${tab}`, () => true);
      return changed.find(([each]) => each === piece)?.[1] ?? '';
    },
    [Symbol.dispose]: () => end.abort(),
  };
}
