/** The error of an operation that failed, by the protocol's code. */
import { ChatError } from './errors.js'

const sentences: { readonly [code: string]: string } = {
  'too-large': 'The message was refused: it is larger than this server takes. Shorten it.',
  forbidden: 'The message was refused: this user may not write here.',
  'not-found': 'The message was refused: the conversation does not exist for this user.',
  'bad-request': 'The message was refused: the server could not read it.',
  'taken-back': 'The message was not sent: it had been taken back before. Send its content as a new message.',
  unsupported: 'The message was refused: the server does not know this kind of operation.',
}

export function failure(code: string): ChatError {
  if (code === 'gave-up') {
    return new ChatError('gave-up', 'The message was not sent: it failed ten times while others passed. Try again, or take it back.', {
      retry: 'later',
    })
  }
  if (code === 'conversation-gone') {
    return new ChatError('conversation-gone', 'The message was not sent: this user is no longer a member of the conversation.')
  }
  const sentence = Object.hasOwn(sentences, code) ? sentences[code] : `The message was refused by the server (${code}).`
  return new ChatError('rejected', sentence as string, { cause: code })
}
