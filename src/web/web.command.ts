import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from '../kit/terminal/cli.ts';
import { type SharedOptions, withSharedOptions } from '../kit/terminal/shared-options.ts';
import { WEB_ERRORS } from './web-errors.ts';
import { addWebToken } from './web-token.command.ts';

interface WebOptions extends SharedOptions {
  open?: true;
  port: number;
  host: string[];
  listen: string;
  tlsProxy?: URL;
  mcp?: true;
}

const LOOPBACK = /^(?:127\.0\.0\.1|::1|localhost)$/;

export function addWeb(program: Command, cli: Cli): void {
  const web = withSharedOptions(program.command('web'))
    .description('Serve a live page for your browser: all sessions, their gates and their work')
    .option('--open', 'open it in the browser')
    .option('--port <number>', 'its port, or the next free one of ten', portNumber, 4577)
    .option('--host <name...>', 'another name under which it may be opened, as in a tunnel', [])
    .option(
      '--listen <address>',
      'the address to listen on; others than 127.0.0.1 need --tls-proxy',
      '127.0.0.1',
    )
    .option('--tls-proxy <address>', 'the https address of a proxy in front of it', proxyAddress)
    .option('--mcp', 'also serve MCP over HTTP, for clients that cannot start a program here')
    .action(async (options: WebOptions) => {
      const { open, port, host: hosts, listen, tlsProxy: proxy, mcp = false } = options;
      if (!LOOPBACK.test(listen) && proxy === undefined) throw WEB_ERRORS.proxy_needed({ address: listen });
      const { keyedAddress, openWeb, runWeb } = await import('./run-web.ts');
      const context = await cli.actionContext();
      const { output, interrupted } = cli;
      const failed = (error: unknown) => output.error(error);
      const request = { port, listen, hosts, proxy, mcp, interrupted, failed };
      const { served, alone, ended } = await runWeb(request, context);
      // A model must not see the token.
      const isPerson = context.by.channel === 'cli';
      const address = isPerson ? keyedAddress(served) : served.address;
      if (alone !== undefined)
        output.warn(
          `The config folder cannot be written (${alone}): a second "samocode web" will not find this one.`,
        );
      const facts = { address, mcp: served.mcp, onlyShows: served.onlyShows, started: ended !== undefined };
      output.result(facts, () =>
        output.isLive ? shown(address, facts, cli) : [address, mcp && served.mcp].filter(Boolean).join('\n'),
      );
      const problem = open && (await openWeb(served, context, { interrupted }));
      if (problem) output.warn(problem);
      await ended;
    });
  addWebToken(web, cli);
}

function shown(
  address: string,
  { mcp, onlyShows, started }: { mcp: string | undefined; onlyShows: boolean; started: boolean },
  { output }: Cli,
) {
  const { style } = output;
  return [
    `${style.good('✔')} ${style.accent(address)}`,
    onlyShows
      ? '  It is read-only: an agent CLI started it. In a terminal of your own it also acts.'
      : '  Whoever has this address acts as you: keep it to yourself.',
    ...(mcp
      ? [`  MCP: ${style.accent(mcp)}, for clients with a token from "samocode web token add <name>".`]
      : []),
    started ? '  Ctrl-C ends it; so do 12 hours without use.' : '  It is already running.',
  ].join('\n');
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('It must be a port, 1 to 65535.');
}

function proxyAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new InvalidArgumentError('It must be an https address, such as https://samocode.example.org.');
}
