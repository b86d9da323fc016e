//! A member in another process: one line for each request, one for its answer.
//!
//! A request is a verb and its arguments, an answer `ok` and its values or `error` and why, in one line, with a space
//! between. Bytes are hexadecimal, absent ones and none are `-`. `peers/README.md` lists the verbs.

use crate::peer::*;
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

pub struct Process {
    kind: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".into();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    if text == "-" {
        return Ok(Vec::new());
    }
    if text.len() % 2 != 0 {
        return Err("half a byte".into());
    }
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2).unwrap_or("?"), 16).map_err(|e| e.to_string()))
        .collect()
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

fn optional(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "-".into(), hex)
}

fn change(change: &Change) -> String {
    match change {
        Change::Add { key_package } => format!("add {}", hex(key_package)),
        Change::Update => "update -".into(),
        Change::Remove { leaf } => format!("remove {leaf}"),
        Change::Psk { id } => format!("psk {}", hex(id)),
        Change::Resumption { epoch } => format!("resumption {epoch}"),
        Change::Context { extensions } => {
            let each = extensions.iter().map(|(kind, data)| format!(" {kind} {}", hex(data)));
            format!("context {}{}", extensions.len(), each.collect::<String>())
        }
    }
}

impl Process {
    pub fn new(kind: &'static str, command: &[String], identity: &str, suite: u16, public: bool) -> Result<Self> {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command[0]))?;
        let (input, output) = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        let mut peer = Self { kind, child, input, output: BufReader::new(output) };
        peer.ask(&format!("new {suite} {} {}", hex(identity.as_bytes()), u8::from(public)))?;
        Ok(peer)
    }

    fn ask(&mut self, request: &str) -> Result<Vec<String>> {
        writeln!(self.input, "{request}").map_err(|error| error.to_string())?;
        self.input.flush().map_err(|error| error.to_string())?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        let mut words = line.split_whitespace().map(str::to_owned);
        match words.next().as_deref() {
            Some("ok") => Ok(words.collect()),
            Some("error") => Err(words.collect::<Vec<_>>().join(" ")),
            _ => Err(format!("no answer to {}: {line}", request.split(' ').next().unwrap_or(""))),
        }
    }

    fn ask_bytes(&mut self, request: &str) -> Result<Vec<u8>> {
        let answer = self.ask(request)?;
        unhex(answer.first().ok_or("an answer without a value")?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer for Process {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn key_package(&mut self) -> Result<Vec<u8>> {
        self.ask_bytes("keypackage")
    }

    fn add_psk(&mut self, id: &[u8], secret: &[u8]) -> Result<()> {
        self.ask(&format!("addpsk {} {}", hex(id), hex(secret))).map(drop)
    }

    fn create(&mut self, group_id: &[u8]) -> Result<()> {
        self.ask(&format!("create {}", hex(group_id))).map(drop)
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Result<()> {
        self.ask(&format!("join {} {}", hex(welcome), optional(tree))).map(drop)
    }

    fn join_external(&mut self, info: &[u8], tree: Option<&[u8]>, psk: Option<&[u8]>, resync: bool) -> Result<Vec<u8>> {
        self.ask_bytes(&format!("external {} {} {} {}", hex(info), optional(tree), optional(psk), u8::from(resync)))
    }

    fn propose(&mut self, what: &Change, aad: &[u8]) -> Result<Vec<u8>> {
        self.ask_bytes(&format!("propose {} {}", hex(aad), change(what)))
    }

    fn commit(&mut self, by_value: &[Change], how: &How) -> Result<Made> {
        let mut request = format!("commit {} {} {}", u8::from(how.path), u8::from(how.tree_inside), hex(&how.aad));
        for what in by_value {
            request += " ";
            request += &change(what);
        }
        let answer = self.ask(&request)?;
        let [commit, welcome] = answer.as_slice() else { return Err("not two values".into()) };
        let welcome = Some(unhex(welcome)?).filter(|welcome| !welcome.is_empty());
        Ok(Made { commit: unhex(commit)?, welcome })
    }

    fn accept(&mut self) -> Result<()> {
        self.ask("accept").map(drop)
    }

    fn reject(&mut self) -> Result<()> {
        self.ask("reject").map(drop)
    }

    fn handle(&mut self, message: &[u8]) -> Result<Got> {
        let answer = match self.ask(&format!("handle {}", hex(message))) {
            Ok(answer) => answer,
            Err(error) => return Ok(Got::Nothing(error)),
        };
        match answer.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["proposal"] => Ok(Got::Proposal),
            ["commit"] => Ok(Got::Commit),
            ["removed"] => Ok(Got::Removed),
            ["message", data, aad] => Ok(Got::Message { data: unhex(data)?, aad: unhex(aad)? }),
            other => Err(format!("an unknown outcome: {other:?}")),
        }
    }

    fn encrypt(&mut self, data: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
        self.ask_bytes(&format!("encrypt {} {}", hex(data), hex(aad)))
    }

    fn state(&mut self) -> Result<State> {
        let answer = self.ask(&format!("state {} {} {}", hex(EXPORT.0.as_bytes()), hex(EXPORT.1), EXPORT.2))?;
        let [epoch, authenticator, tree_hash, exported, members @ ..] = answer.as_slice() else {
            return Err("not a state".into());
        };
        Ok(State {
            epoch: number(epoch)?,
            authenticator: unhex(authenticator)?,
            tree_hash: unhex(tree_hash)?,
            exported: unhex(exported)?,
            members: members
                .chunks(2)
                .map(|pair| Ok((number(&pair[0])?, unhex(pair.get(1).ok_or("half a member")?)?)))
                .collect::<Result<_>>()?,
        })
    }

    fn info(&mut self, with_tree: bool) -> Result<Vec<u8>> {
        self.ask_bytes(&format!("info {}", u8::from(with_tree)))
    }

    fn tree(&mut self) -> Result<Vec<u8>> {
        self.ask_bytes("tree")
    }

    fn lacks(&self, what: Lack) -> Option<&'static str> {
        match (self.kind, what) {
            ("BouncyCastle", Lack::OwnRemoval) => Some("it fails at its own removal, as proposal and as commit"),
            ("BouncyCastle", Lack::PrivateExtensions) => Some("it reads no extension type without a name"),
            ("ts-mls", Lack::External) => Some("its external_pub extension is a bare key, not an HPKEPublicKey"),
            ("ts-mls", Lack::ExternalPsk) => Some("its external commits take no PSK"),
            ("ts-mls", Lack::Update) => Some("it has no call that makes an Update"),
            ("ts-mls", Lack::CommitContext) => {
                Some("it commits context extensions without a path, or with one encrypted under the old context")
            }
            _ => None,
        }
    }
}
