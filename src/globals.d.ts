/** True only in the test build, which contains the crash and fault points. */
declare const __FAULTS__: boolean;
/** True in tests and in the test build: results are validated against their schemas. */
declare const __STRICT__: boolean;
/** Only in the test build: the folder where a run of the tests notes which crash points were reached; may be empty. */
declare const __REACHED__: string;
/** The package's version, inserted by the build. */
declare const __VERSION__: string;

declare module '*.md' {
  const text: string;
  export default text;
}

/** The Markdown files of a folder of the repository, by name. */
declare module 'virtual:*' {
  const texts: Readonly<Record<string, string>>;
  export default texts;
}

declare module '*.css' {
  const text: string;
  export default text;
}

/** A script for a browser, bundled with all that it imports, as text. */
declare module '*.app.js' {
  const text: string;
  export default text;
}
