/** A stack's text as frames, newest call first. One pattern reads the forms of V8, Gecko and WebKit. */

export interface StackFrame {
  function: string;
  /** The script's address without query and fragment. */
  file: string;
  line: number;
  column: number;
  /** False for third-party code served from node_modules, and for the engine's own. */
  inApp: boolean;
}

/** `at async name (https://host/file.js:1:2)`, `at https://…:1:2`, `name@https://…:1:2`. */
const FRAME = /^\s*(?:at )?(?:async )?(.*?) ?[(@]?((?:[a-z-]+:\/\/|\/|node:)\S*?):(\d+):(\d+)\)?$/;

export function parseStack(stack: string, most = 50): StackFrame[] {
  return stack
    .split('\n', 100)
    .flatMap((line) => {
      const found = line.length < 2_000 && FRAME.exec(line);
      return found ? [frame(found)] : [];
    })
    .slice(0, most);
}

function frame([, name, address, line, column]: string[]): StackFrame {
  const file = address!.split(/[?#]/)[0]!;
  return { function: name || '?', file, line: +line!, column: +column!, inApp: !/node_modules|^node:/.test(file) };
}
