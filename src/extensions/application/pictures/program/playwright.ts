/** The part of playwright-core that is used here: users install it themselves, so its types are not at hand. */
export interface Playwright {
  chromium: { launch(options: object): Promise<Browser> };
}

interface Browser {
  newContext(options: object): Promise<Context>;
  close(): Promise<void>;
}

interface Context {
  newPage(): Promise<BrowserPage>;
  newCDPSession(page: BrowserPage): Promise<DevTools>;
  on(event: 'page', listener: (page: BrowserPage) => void): void;
  close(): Promise<void>;
}

export interface DevTools {
  send(method: string, options?: object): Promise<unknown>;
  on(event: 'Fetch.requestPaused', listener: (paused: PausedRequest) => void): void;
}

/** https://chromedevtools.github.io/devtools-protocol/tot/Fetch/#event-requestPaused */
export interface PausedRequest {
  requestId: string;
  request: { url: string };
  resourceType: string;
  /** The frame that sent it. */
  frameId: string;
}

interface RequestOfPage {
  url(): string;
}

export interface BrowserPage {
  clock: {
    install(options: { time: number }): Promise<void>;
    pauseAt(time: number): Promise<void>;
    runFor(ms: number): Promise<void>;
  };
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  goto(url: string, options: object): Promise<{ status(): number } | null>;
  url(): string;
  screenshot(options: object): Promise<Buffer>;
  on(
    event: 'request' | 'requestfinished' | 'requestfailed',
    listener: (request: RequestOfPage) => void,
  ): void;
  waitForTimeout(ms: number): Promise<void>;
  close(): Promise<void>;
}
