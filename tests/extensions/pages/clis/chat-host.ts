import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Connection } from '../../../support/mcp-client.ts';
import { type Browser, holds, type Page } from './browser.ts';

export const CARD_URI = 'ui://samocode/inbox.html';
export const APPS = {
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
};

/** What the protocol has a host send where a server names no domains; the card's own policy is stricter. */
const HOST_POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'";

/** A chat program's page: it speaks the host's side of MCP Apps to a card in a sandbox, and passes on its calls. */
const HOST = `<!doctype html><html><meta name="color-scheme" content="light dark"><body style="margin:0">
<iframe title="samocode" src="/card" sandbox="allow-scripts" style="width:100%;border:0"></iframe>
<script>
const frame = document.querySelector('iframe');
const heard = [];
const send = (message) => frame.contentWindow.postMessage({ jsonrpc: '2.0', ...message }, '*');
const context = new URLSearchParams(location.search);
const ANSWERS = {
  'ui/initialize': () => ({
    protocolVersion: '2026-01-26', hostInfo: { name: 'test', version: '1' },
    hostCapabilities: { openLinks: {}, ...(context.has('mute') ? {} : { serverTools: {} }) },
    hostContext: { theme: context.get('theme') ?? 'light', displayMode: 'inline', containerDimensions: { maxHeight: 6000 } },
  }),
  'ui/open-link': () => (context.has('closed') ? { isError: true } : {}),
  'tools/call': (params) => callTool(params),
};
addEventListener('message', async ({ source, data: { id, method, params, result } }) => {
  if (source !== frame.contentWindow) return;
  heard.push({ id, method, params, result });
  if (method === 'ui/notifications/size-changed') frame.style.height = params.height + 'px';
  if (id === undefined || method === undefined) return;
  const answer = ANSWERS[method];
  if (answer) send({ id, result: await answer(params) });
  else send({ id, error: { code: -32601, message: 'no ' + method } });
});
const told = (name) => heard.filter(({ method }) => method === name);
function give(args, result) {
  send({ method: 'ui/notifications/tool-input', params: { arguments: args } });
  send({ method: 'ui/notifications/tool-result', params: result });
}
</script></body></html>`;

export interface ChatHost extends AsyncDisposable {
  page: Page;
  /** The card, inside its sandbox. */
  card: Pick<Page, 'evaluate' | 'locator'>;
  /** Calls a tool as the model of the chat does, and shows its result. */
  call(name: string, args?: Record<string, unknown>): Promise<CallToolResult>;
  /** Waits until an expression is true in the card. */
  shows(script: string): Promise<void>;
}

/** @param query `theme=dark`; `mute`: the card may call no tool; `closed`: it may open no link */
export async function openChat(
  browser: Pick<Browser, 'tab'>,
  { client }: Connection,
  query = '',
): Promise<ChatHost> {
  const { contents } = await client.readResource({ uri: CARD_URI });
  const html = String(Object(contents[0]).text);
  const server = createServer(({ url }, response) => {
    const isCard = url === '/card';
    const policy = isCard ? { 'content-security-policy': HOST_POLICY } : {};
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...policy });
    response.end(isCard ? html : HOST);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = await browser.tab();
  const run = async (params: { name: string; arguments: Record<string, unknown> }) =>
    (await client.callTool(params)) as CallToolResult;
  await page.exposeFunction('callTool', run);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${query}`);
  await holds(page, `told('ui/notifications/initialized').length === 1`);
  const card = page.frames()[1];
  if (card === undefined) throw new Error('There is no card.');
  return {
    page,
    card,
    async call(name, args = {}) {
      const result = await run({ name, arguments: args });
      await page.evaluate(`give(${JSON.stringify(args)}, ${JSON.stringify(result)})`);
      return result;
    },
    shows: async (script) => await holds(card, script),
    async [Symbol.asyncDispose]() {
      await page.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
