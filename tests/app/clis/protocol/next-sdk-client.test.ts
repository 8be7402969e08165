import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { installCli } from '../../../support/install-clis.ts';

/** The part of SDK 2 that is used here: it is not a dependency, so its types are unknown. */
interface NextClient {
  connect(transport: unknown): Promise<void>;
  close(): Promise<void>;
  getProtocolEra(): string;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: object): Promise<{ isError?: boolean; structuredContent?: Record<string, unknown> }>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(params: object): Promise<{ contents: { text?: string }[] }>;
  subscribeResource(params: object): Promise<unknown>;
  setRequestHandler(method: string, handler: (request: { params: { message: string } }) => object): void;
  setNotificationHandler(method: string, handler: (message: { params: { uri: string } }) => void): void;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(params: object): Promise<{ messages: { content: { text?: string } }[] }>;
  complete(params: object): Promise<{ completion: { values: string[] } }>;
}

interface NextSdk {
  Client: new (info: object, options: object) => NextClient;
  StdioClientTransport: new (server: object) => unknown;
}

async function nextSdk(): Promise<NextSdk> {
  const { path } = await installCli('client2');
  const load = (file: string) => import(pathToFileURL(join(dirname(path), 'dist', file)).href);
  return { ...(await load('index.mjs')), ...(await load('stdio.mjs')) };
}

test("a client of SDK 2 falls back to the server's protocol version, and everything works", ci, async () => {
  await using bench = await makeBench();
  const [{ Client, StdioClientTransport }, { server }] = [await nextSdk(), await builtPrograms()];
  const options = { versionNegotiation: { mode: 'auto' }, capabilities: { elicitation: { form: {} } } };
  const client = new Client({ name: 'next', version: '2' }, options);
  const { path: cwd, env } = bench.repo;
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [server], cwd, env, stderr: 'ignore' }),
  );
  try {
    expect(client.getProtocolEra()).toBe('legacy');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));

    const task = { task: 'Name the boats', name: 'boats' };
    const started = await client.callTool({ name: 'start_session', arguments: task });
    const { session } = started.structuredContent ?? {};
    expect(started.structuredContent).toMatchObject({
      // The first where a worker takes seconds to begin.
      state: expect.stringMatching(/^(?:starting|running)$/),
      branch: 'samocode/boats',
    });

    const uri = `samocode://sessions/${session}/overview`;
    const updated: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
      updated.push(params.uri),
    );
    await client.subscribeResource({ uri });
    const args = { session, until: 'attention', timeout_s: 40 };
    await eventually(async () => {
      const { structuredContent } = await client.callTool({ name: 'wait', arguments: args });
      return structuredContent?.for === 'qa_answers';
    });
    await eventually(async () => updated.includes(uri));
    expect((await client.readResource({ uri })).contents[0]?.text).toContain('Phase: requirements');
    expect((await client.listResources()).resources.map((each) => each.uri)).toContain(uri);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.length).toBeGreaterThan(3);

    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('morning_report');
    const prompt = await client.getPrompt({ name: 'review_plan' });
    expect(prompt.messages[0]?.content.text).toContain('read_plan');
    const uriTemplate = resourceTemplates.find((each) => each.uriTemplate.endsWith('/overview'))?.uriTemplate;
    const ref = { type: 'ref/resource', uri: uriTemplate };
    const completed = await client.complete({ ref, argument: { name: 'name', value: 'boa' } });
    expect(completed.completion.values).toContain(session);

    const asked: string[] = [];
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params.message);
      return { action: 'accept', content: { Q1: 'A', Q2: 'B' } };
    });
    const answered = await client.callTool({ name: 'answer_qa', arguments: { session } });
    expect(asked).toEqual([expect.stringContaining(`${session} has questions`)]);
    expect(answered.structuredContent).toMatchObject({ open: ['Q3'] });

    const wrong = await client.callTool({ name: 'get_status', arguments: { session: 'goats' } });
    expect(wrong.isError).toBe(true);
  } finally {
    await client.close();
  }
});
