/** Applies one batch of writes over the tables, in order, each by its own file. */
import type { Outcome, StoreWrite } from '../store.js'
import { joinOne, person, put } from './arrange.js'
import type { Ledger } from './ledger.js'
import { mark } from './mark.js'
import { post, send, takeBack } from './send.js'

export function apply(ledger: Ledger, write: StoreWrite): Outcome {
  switch (write.kind) {
    case 'send':
      return send(ledger, write)
    case 'void':
      return takeBack(ledger, write)
    case 'post':
      return post(ledger, write)
    case 'mark':
      return mark(ledger, write)
    case 'put':
      return put(ledger, write)
    case 'join':
      return joinOne(ledger, write)
    case 'person':
      return person(ledger, write)
  }
}
