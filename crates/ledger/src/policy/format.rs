//! Writing policy files.

use super::{Member, Policy, Quorum};

impl Policy {
    /// The file: logs, witnesses, groups, quorum, each in the order in which it was given.
    pub fn to_file(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for log in &self.logs {
            write_line(
                &mut file,
                &[b"log", log.key.to_string().as_bytes(), log.url.as_deref().unwrap_or_default()],
            );
        }
        for witness in &self.witnesses {
            let (key, url) = (witness.key.to_string(), witness.url.as_deref().unwrap_or_default());
            write_line(&mut file, &[b"witness", &witness.name, key.as_bytes(), url]);
        }
        for group in &self.groups {
            let threshold = group.threshold.to_string();
            let mut words = vec![&b"group"[..], &group.name, threshold.as_bytes()];
            words.extend(group.members.iter().map(|member| self.name(*member)));
            write_line(&mut file, &words);
        }
        let quorum = match self.quorum {
            Quorum::None => b"none",
            Quorum::Of(member) => self.name(member),
        };
        write_line(&mut file, &[b"quorum", quorum]);
        file
    }

    fn name(&self, member: Member) -> &[u8] {
        match member {
            Member::Witness(number) => self.witnesses.get(number).map_or(&[], |witness| &witness.name),
            Member::Group(number) => self.groups.get(number).map_or(&[], |group| &group.name),
        }
    }
}

fn write_line(file: &mut Vec<u8>, words: &[&[u8]]) {
    let words: Vec<&[u8]> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    file.extend(words.join(&b' '));
    file.push(b'\n');
}
