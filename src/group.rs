//! stub
use crate::*;
#[derive(Clone, Debug)]
pub struct Group;
impl Group {
 pub(crate) fn commit_status(&self,_:u64)->Result<CommitStatus>{todo!()}
 pub(crate) fn commit_bundle(&self,_:u64)->Result<CommitBundle>{todo!()}
 pub(crate) fn commit_welcomes(&self,_:u64)->Result<Vec<Vec<u8>>>{todo!()}
 pub(crate) fn accept_commit(&self,_:u64)->Result<()>{todo!()}
 pub(crate) fn reject_commit(&self,_:u64)->Result<()>{todo!()}
}
