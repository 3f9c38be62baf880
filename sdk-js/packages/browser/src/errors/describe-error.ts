/** What can be said about anything that was thrown: errors, strings, null, objects whose getters throw. */
import { attempt } from '../collector/attempt.js';

export interface ErrorDescription {
  errorType: string;
  message: string;
  stack: string;
}

export function describeError(thrown: any): ErrorDescription {
  const text = (name: string) => attempt(() => (typeof thrown[name] === 'string' ? thrown[name] : ''), '');
  return {
    errorType: text('name') || attempt(() => thrown.constructor.name, '') || 'NonError',
    message: text('message') || attempt(() => (typeof thrown === 'object' ? JSON.stringify(thrown) : String(thrown)), '[unreadable]'),
    stack: text('stack'),
  };
}

/** The errors behind the error, nearest first. */
export function causesOf(thrown: any): Pick<ErrorDescription, 'errorType' | 'message'>[] | undefined {
  const chain = [];
  while (chain.length < 2 && (thrown = attempt(() => thrown.cause)) != null) {
    const { errorType, message } = describeError(thrown);
    chain.push({ errorType, message });
  }
  return chain[0] && chain;
}
