// Forms that are sent to the REST API as JSON: `<form data-api="POST /api/v1/…" data-then="/where-to">`. There is one way
// to change anything, so what is wrong with a field is said by the API, and shown beside the field.
//
// A field's name is its place in the body: `steps[0].targets[1]`. Inside lists that grow and shrink (`data-list="steps"`,
// whose items are `data-item`) names are given here: a field says only its own part, `data-key`.

import { isChanged, isOther } from './changed.js'
import { instant } from './moments.js'
import './wordings.js'

const token = document.body.dataset.formToken

// Secrets that an answer tells this once, by the names of their fields.
const TOLD = { url: 'Where to send', key: 'Key', token: 'Token', signing_secret: 'Signing key' }
const SIGNED_OUT = 'You are signed out. Copy what you typed, sign in, and send it again.'
const CHANGED = 'Somebody changed this meanwhile. Reload the page, and change it again.'
const FOLLOWED = 'Somebody said or changed something meanwhile: see above what, and send yours again if it still holds.'
const SECRETS = ['key', 'token', 'signing_secret']

for (const field of document.querySelectorAll('[data-own-time-zone]')) {
  if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'
}

document.addEventListener('submit', async (event) => {
  const form = event.target
  if (!form.dataset.api && !form.dataset.steps) return
  event.preventDefault()
  if (form.dataset.sent) return
  const before = form.dataset.after && document.getElementById(form.dataset.after)
  if (before && isChanged(before)) return show(form, 'Save what you wrote first.')
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return
  form.dataset.sent = 'yes'
  try {
    await (form.dataset.steps ? sendSteps(form, event.submitter) : send(form))
  } finally {
    delete form.dataset.sent
  }
})

// Long texts are not lost by a click on a link.
addEventListener('beforeunload', (event) => {
  if ([...document.querySelectorAll('form[data-guarded]')].some(isChanged)) event.preventDefault()
})

async function send(form) {
  clear(form)
  name(form)
  const [method, path] = form.dataset.api.split(' ')
  const headers = { 'content-type': 'application/json' }
  if (token) headers['x-csrf-token'] = token
  if (form.dataset.etag) headers['if-match'] = form.dataset.etag
  if (method === 'POST') headers['idempotency-key'] = form.dataset.key ??= crypto.randomUUID()
  // `{here}` is the last part of this page's own address.
  let url = path.replace('{here}', location.pathname.split('/').pop())
  // What is removed has no body: what a form says of it is asked for in the address.
  const asked = method === 'DELETE' ? new URLSearchParams(Object.entries(read(form)).filter(([, value]) => value)).toString() : ''
  if (asked) url += `?${asked}`
  let answer
  try {
    answer = await fetch(url, { method, headers, body: method === 'DELETE' ? undefined : JSON.stringify(read(form)) })
  } catch {
    return show(form, 'No connection. Nothing was changed for certain; try again.')
  }
  if (answer.ok) {
    delete form.dataset.key
    delete form.dataset.guarded
    const made = await answer.json().catch(() => ({}))
    if (SECRETS.some((name) => made[name])) await tell(made)
    const then = form.dataset.then?.replace(/\{(\w+)\}/g, (_, name) => made[name])
    return then ? location.assign(then) : location.reload()
  }
  const problem = await problemOf(answer)
  if (answer.status === 412 && 'follows' in form.dataset) {
    problem.detail = FOLLOWED
    document.dispatchEvent(new Event('outdated'))
  }
  // Another try with other words is another request.
  if (answer.status < 500) delete form.dataset.key
  const rest = []
  for (const { field, message } of problem.errors ?? []) {
    const input = find(form, field)
    if (input) mark(input, message)
    else rest.push(`${field}: ${message}`)
  }
  const marked = form.querySelector('[aria-invalid], .wrong')
  if (rest.length || !marked) show(form, rest.join('; ') || problem.detail)
  else show(form, 'Something is wrong; see below.')
  form.querySelector('[aria-invalid]')?.focus()
}

// Several changes, one after another: each is whole by itself, so being cut off leaves nothing half-done.
async function sendSteps(form, button) {
  clear(form)
  for (const { url, etag, body } of JSON.parse(form.dataset.steps)) {
    const headers = { 'content-type': 'application/json', 'if-match': etag, 'x-csrf-token': token }
    let answer
    try {
      answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify(body) })
    } catch {
      return show(form, 'No connection. Reload the page, and see how far it came.')
    }
    if (!answer.ok) return show(form, (await problemOf(answer)).detail)
  }
  // The page is made anew; the button stays under the finger that presses it again.
  sessionStorage.setItem('focus', button.id)
  location.reload()
}

const pressed = sessionStorage.getItem('focus') ?? ''
sessionStorage.removeItem('focus')
// At an end of the list only the way back is left.
const back = pressed.startsWith('up-') ? pressed.replace('up-', 'down-') : pressed.replace('down-', 'up-')
;(document.getElementById(pressed) ?? document.getElementById(back))?.focus()

// What was wrong, its `detail` in words for a person: what the API tells a script of these two is of no use to them.
async function problemOf(answer) {
  const problem = Object(await answer.json().catch(() => null))
  if (answer.status === 401) problem.detail = SIGNED_OUT
  else if (answer.status === 412) problem.detail = CHANGED
  else problem.detail ??= words(answer)
  return problem
}

// What is in front of the server answers without words of its own.
function words(answer) {
  if (answer.status !== 429) return `The server answered ${answer.status}.`
  const seconds = Number(answer.headers.get('retry-after')) || 60
  return `Too many requests. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`
}

// ---- What a form says.

function read(form) {
  const body = {}
  for (const input of form.elements) {
    if (!input.name || input.disabled || isLeft(input)) continue
    if (input.name.endsWith('[]')) {
      const list = (body[input.name.slice(0, -2)] ??= [])
      if (input.type === 'checkbox' ? input.checked : input.value) list.push(value(input))
    } else put(body, input.name, value(input))
  }
  for (const list of form.querySelectorAll('[data-list]')) {
    const place = placeOf(list)
    if (!list.querySelector('[data-item]')) put(body, place, [])
  }
  return body
}

// Whether it is in a part of the form that is only said when something in it is other than it was.
function isLeft(input) {
  const part = input.closest('[data-if-changed]')
  return part && ![...part.querySelectorAll('select')].some(isOther)
}

function value(input) {
  const text = input.value
  switch (input.dataset.type ?? input.type) {
    case 'checkbox': return input.name.endsWith('[]') ? text : input.checked
    case 'json': return JSON.parse(text)
    case 'effect': return { component_id: input.dataset.component, status: text }
    case 'moment': return text === '' ? null : instant(text, input.dataset.zone)
    case 'number': return text === '' ? null : Number(text)
    case 'minutes': return text === '' ? null : Math.round(Number(text) * 60)
    // What is left out of the body where it is empty.
    case 'given': return text === '' ? undefined : text
    case 'optional': return text === '' ? null : text
    case 'day': return text === '' ? null : `${text}T00:00:00Z`
    case 'target': return target(text)
    default: return text
  }
}

// What the kind of an id is called where a policy asks somebody.
const TARGETS = { usr: 'user_id', sch: 'schedule_id', chn: 'channel_id' }

function target(id) {
  const name = TARGETS[id.split('_')[0]]
  // None was chosen, or a kind that this page does not know: the API says what there may be.
  return name ? { [name]: id } : {}
}

// Puts a value where its name says: `a.b`, `a[0].b`.
function put(body, name, value) {
  const parts = [...name.matchAll(/[^.[\]]+/g)].map(([part]) => part)
  const last = parts.pop()
  let at = body
  parts.forEach((part, place) => {
    at = at[part] ??= /^\d+$/.test(parts[place + 1] ?? last) ? [] : {}
  })
  at[last] = value
}

// ---- Lists that grow and shrink.

function placeOf(element) {
  const item = element.parentElement.closest('[data-item]')
  const outer = item ? `${placeOfItem(item)}.` : ''
  return outer + element.dataset.list
}

function placeOfItem(item) {
  const list = item.parentElement.closest('[data-list]')
  return `${placeOf(list)}[${itemsOf(list).indexOf(item)}]`
}

function itemsOf(list) {
  return [...list.children].filter((child) => 'item' in child.dataset)
}

function name(form) {
  for (const input of form.querySelectorAll('[data-item] [data-key]')) {
    const place = placeOfItem(input.closest('[data-item]'))
    input.name = input.dataset.key ? `${place}.${input.dataset.key}` : place
  }
  for (const number of form.querySelectorAll('[data-number]')) {
    const item = number.closest('[data-item]')
    number.textContent = itemsOf(item.parentElement).indexOf(item) + 1
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-does]')
  if (!button) return
  const form = button.form ?? button.closest('form')
  const item = button.closest('[data-item]')
  if (button.dataset.does === 'add') {
    const list = button.parentElement.querySelector(':scope > [data-list]')
    list.append(list.querySelector(':scope > template').content.cloneNode(true))
    itemsOf(list).at(-1).querySelector('select, input')?.focus()
  } else if (button.dataset.does === 'remove') {
    const list = item.parentElement
    const next = item.nextElementSibling ?? item.previousElementSibling
    item.remove()
    ;(next?.querySelector?.('select, input') ?? list.parentElement.querySelector('[data-does=add]'))?.focus()
  } else {
    const all = itemsOf(item.parentElement)
    const other = all[all.indexOf(item) + (button.dataset.does === 'up' ? -1 : 1)]
    if (other) button.dataset.does === 'up' ? other.before(item) : other.after(item)
    button.focus()
  }
  name(form)
})

for (const form of document.querySelectorAll('form[data-api]')) name(form)

// ---- Secrets that are told once.

function tell(made) {
  const dialog = document.createElement('dialog')
  dialog.setAttribute('aria-labelledby', 'told')
  const heading = document.createElement('h2')
  heading.id = 'told'
  heading.textContent = 'Copy this now'
  const words = document.createElement('p')
  words.textContent = 'It is shown this once, and kept nowhere.'
  dialog.append(heading, words)
  for (const [field, label] of Object.entries(TOLD)) {
    if (!made[field]) continue
    const name = document.createElement('label')
    name.textContent = label
    const input = document.createElement('input')
    input.readOnly = true
    input.value = made[field]
    name.append(input)
    const copy = document.createElement('button')
    copy.type = 'button'
    copy.dataset.copies = made[field]
    copy.textContent = `Copy the ${label === 'Where to send' ? 'address' : label.toLowerCase()}`
    dialog.append(name, copy)
  }
  const close = document.createElement('button')
  close.className = 'primary'
  close.textContent = 'I have it'
  close.addEventListener('click', () => dialog.close())
  dialog.append(close)
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }))
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copies]')
  if (!button) return
  try {
    await navigator.clipboard.writeText(button.dataset.copies)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Select it, and copy it by hand'
  }
})

// ---- What is wrong.

// The field, or the nearest thing around it that is in the form.
function find(form, field) {
  for (let place = field; place; place = place.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, '')) {
    const input = form.elements[place] ?? form.elements[`${place}[]`]?.[0] ?? form.elements[`${place}[]`]
    if (input instanceof HTMLElement && (input.type !== 'hidden' || input.closest('[data-logo]'))) return input
    const list = [...form.querySelectorAll('[data-list]')].find((list) => placeOf(list) === place)
    if (list) return list
  }
  return null
}

let marks = 0

function mark(input, message) {
  const known = document.getElementById(input.dataset.wrong ?? '')
  if (known) {
    known.textContent += `; ${message}`
    return
  }
  const words = document.createElement('p')
  words.className = 'hint wrong'
  words.textContent = message.charAt(0).toUpperCase() + message.slice(1)
  if (input.dataset.list) return input.after(words)
  input.setAttribute('aria-invalid', 'true')
  // Another form of the page may have a field of this name.
  words.id = input.dataset.wrong = `wrong-${++marks}`
  input.dataset.described = input.getAttribute('aria-describedby') ?? ''
  input.setAttribute('aria-describedby', `${words.id} ${input.dataset.described}`.trim())
  ;(input.closest('label') ?? input).after(words)
}

function clear(form) {
  for (const words of form.querySelectorAll('.wrong')) words.remove()
  for (const input of form.querySelectorAll('[aria-invalid]')) {
    input.removeAttribute('aria-invalid')
    if (input.dataset.described) input.setAttribute('aria-describedby', input.dataset.described)
    else input.removeAttribute('aria-describedby')
  }
  const fault = form.querySelector('.fault[role=alert]')
  if (fault) fault.hidden = true
}

function show(form, words) {
  let fault = form.querySelector('.fault[role=alert]')
  if (!fault) {
    fault = document.createElement('p')
    fault.className = 'fault'
    fault.setAttribute('role', 'alert')
    form.prepend(fault)
  }
  fault.textContent = words
  fault.hidden = false
}
