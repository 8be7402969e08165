import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Serves bare repositories below `root` by git's own CGI program.
 * @param before ends before the client gets its answer
 */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  { root, before }: { root: string; before?: (() => Promise<void>) | undefined },
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'https://github.com');
  const { headers } = request;
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...{ PATH: process.env.PATH ?? '', GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1' },
      ...{ PATH_INFO: pathname, QUERY_STRING: search.slice(1), REQUEST_METHOD: request.method ?? 'GET' },
      ...{ REMOTE_USER: 'person', REMOTE_ADDR: '127.0.0.1', CONTENT_TYPE: headers['content-type'] ?? '' },
      ...{ HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '' },
      ...{ GIT_PROTOCOL: String(headers['git-protocol'] ?? ''), HOME: root },
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(backend.stdin);
  const parts: Buffer[] = [];
  for await (const part of backend.stdout) parts.push(part);
  const whole = Buffer.concat(parts);
  const end = whole.indexOf('\r\n\r\n');
  const fields = whole
    .subarray(0, end)
    .toString()
    .split('\r\n')
    .map((line) => line.split(': ', 2));
  const { Status: status = '200', ...rest } = Object.fromEntries(fields);
  await before?.();
  response.writeHead(Number.parseInt(status, 10), rest).end(whole.subarray(end + 4));
}
