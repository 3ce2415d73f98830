// Forms that are sent to the REST API as JSON: `<form data-api="POST /api/v1/…" data-then="/where-to">`. There is one way
// to change anything, so what is wrong with a field is said by the API, and shown beside the field.

const token = document.body.dataset.formToken

for (const field of document.querySelectorAll('[data-own-time-zone]')) {
  if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'
}

document.addEventListener('submit', async (event) => {
  const form = event.target
  if (!form.dataset.api) return
  event.preventDefault()
  if (form.dataset.sent) return
  form.dataset.sent = 'yes'
  try {
    await send(form)
  } finally {
    delete form.dataset.sent
  }
})

async function send(form) {
  clear(form)
  const [method, path] = form.dataset.api.split(' ')
  const headers = { 'content-type': 'application/json' }
  if (token) headers['x-csrf-token'] = token
  if (form.dataset.etag) headers['if-match'] = form.dataset.etag
  if (method === 'POST') headers['idempotency-key'] = form.dataset.key ??= crypto.randomUUID()
  // `{here}` is the last part of this page's own address.
  const url = path.replace('{here}', location.pathname.split('/').pop())
  let answer
  try {
    answer = await fetch(url, { method, headers, body: method === 'DELETE' ? undefined : JSON.stringify(read(form)) })
  } catch {
    return show(form, 'No connection. Nothing was changed for certain; try again.')
  }
  if (answer.ok) {
    delete form.dataset.key
    location.assign(form.dataset.then ?? location.href)
    return
  }
  const problem = await answer.json().catch(() => ({ detail: `The server answered ${answer.status}.` }))
  // Another try with other words is another request.
  if (answer.status < 500) delete form.dataset.key
  const rest = []
  for (const { field, message } of problem.errors ?? []) {
    const input = form.elements[field]
    if (input instanceof HTMLElement && input.type !== 'hidden') mark(input, message)
    else rest.push(`${field}: ${message}`)
  }
  const marked = form.querySelector('[aria-invalid]')
  if (rest.length || !marked) show(form, rest.join('; ') || problem.detail)
  else show(form, 'Something is wrong; see below.')
  marked?.focus()
}

function read(form) {
  const body = {}
  for (const input of form.elements) {
    if (!input.name || input.disabled) continue
    if (input.type === 'checkbox') body[input.name] = input.checked
    else if (input.dataset.type === 'number') body[input.name] = input.value === '' ? null : Number(input.value)
    else body[input.name] = input.value
  }
  return body
}

function mark(input, message) {
  input.setAttribute('aria-invalid', 'true')
  const words = document.createElement('p')
  words.className = 'hint wrong'
  words.id = `wrong-${input.name}`
  words.textContent = message.charAt(0).toUpperCase() + message.slice(1)
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
